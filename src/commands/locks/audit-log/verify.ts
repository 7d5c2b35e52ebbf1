import {Args} from '@oclif/core'

import {KeyshiftCommand} from '../../../cli/base-command.js'
import {type AuditReport, verifyAuditLog} from '../../../clients/files/audit-log.js'

export default class LocksAuditLogVerify extends KeyshiftCommand<AuditReport> {
  static override args = {file: Args.string({description: 'the audit log', required: true})}
  static override description =
    'Each line holds the hash of the one before, so a line that was changed, added or taken away shows. Lines cut off at ' +
    'the end do not: keep the last hash elsewhere.'
  static override examples = ['<%= config.bin %> <%= command.id %> ~/.local/state/keyshift/lock-releases.ndjson']
  static override summary = 'Check that nobody has changed an audit log of lock releases.'

  async run(): Promise<AuditReport> {
    const {args} = await this.parse(LocksAuditLogVerify)
    const report = await verifyAuditLog(args.file)
    const {firstAt, lastAt, lastHash, lines} = report
    this.log(
      lines === 0
        ? `${args.file}: no line yet`
        : `${args.file}: ${String(lines)} lines from ${firstAt ?? ''} to ${lastAt ?? ''}, unbroken; the last hash is ${lastHash ?? ''}`,
    )
    return report
  }
}

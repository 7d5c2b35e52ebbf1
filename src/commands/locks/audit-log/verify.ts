import {Args} from '@oclif/core'

import {KeyshiftCommand} from '../../../cli/base-command.js'
import {auditLogPath} from '../../../cli/connection/folders.js'
import {type AuditReport, verifyAuditLog} from '../../../clients/files/audit-log.js'
import {counted} from '../../../wording.js'

export default class LocksAuditLogVerify extends KeyshiftCommand<AuditReport> {
  static override args = {file: Args.string({description: 'audit log file (default: in your state directory)'})}
  static override description =
    'Each line contains the hash of the previous line, so a changed, added or removed line is detected. Lines removed from ' +
    'the end are not detected; store the last hash in another place. A last line that a crash cut off is reported as such: ' +
    'the next release records it.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> ~/.local/state/keyshift/lock-releases.ndjson',
  ]
  static override summary = 'Check that an audit log of lock releases is intact.'

  async run(): Promise<AuditReport> {
    const {args} = await this.parse(LocksAuditLogVerify)
    const report = await verifyAuditLog(args.file ?? auditLogPath())
    const {file, firstAt, lastAt, lastHash, lines} = report
    this.log(
      lines === 0
        ? `${file} has no lines yet`
        : `${file} is intact: ${counted(lines, 'line')} from ${firstAt ?? ''} to ${lastAt ?? ''}; last hash ${lastHash ?? ''}`,
    )
    return report
  }
}

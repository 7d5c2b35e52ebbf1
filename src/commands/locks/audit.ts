import {Flags} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {exitCode} from '../../cli/exit-codes.js'
import {redisFlags} from '../../cli/flags/common-flags.js'
import {ownFamilies} from '../../cli/flags/lock-families-flag.js'
import {lockScanFlags, requireSeen, scanSettings} from '../../cli/flags/lock-scan-flags.js'
import {listOutputFlag} from '../../cli/flags/output-flags.js'
import {interruptible} from '../../cli/interrupt-signal.js'
import {setLowPriority} from '../../cli/low-priority.js'
import {redlockServers} from '../../cli/redlock.js'
import {renderAudit} from '../../cli/render/locks/audit.js'
import {isLineFormat, LockLines} from '../../cli/render/locks/lock-rows.js'
import {incompleteNotes} from '../../cli/render/locks/scan-notes.js'
import {readBaseline, writeBaseline} from '../../clients/files/lock-baseline-file.js'
import {auditLocks, type LockAudit} from '../../domain/locks/audit/collect-audit.js'
import {LOCK_CHANGES} from '../../domain/locks/audit/lock-baseline.js'
import {familiesWith} from '../../domain/locks/families/builtin.js'
import {isAtOrAbove} from '../../domain/locks/recognition/lock-verdicts.js'
import {counted} from '../../wording.js'

export default class LocksAudit extends KeyshiftCommand<LockAudit> {
  static override description =
    'Scans like locks scan, compares the locks with those of the last audit in the --baseline file, and writes the new state ' +
    'to that file. The first audit creates it. Because the file keeps the expiry of each lock, an audit also shows which ' +
    'locks were renewed since the last one. Changes nothing in Redis.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> --baseline /var/lib/keyshift/locks.baseline',
    '<%= config.bin %> <%= command.id %> --baseline locks.baseline --change new --change changed --fail-on error',
    '<%= config.bin %> <%= command.id %> --baseline locks.baseline --output csv >> locks.csv',
  ]
  static override flags = {
    ...redisFlags,
    ...lockScanFlags,
    ...listOutputFlag,
    baseline: Flags.string({
      description: 'file with the locks of the last audit; it is replaced when the audit ends',
      helpValue: 'FILE',
      required: true,
    }),
    change: Flags.option({
      description: `only locks with this change, also for --fail-on; repeat for several: ${LOCK_CHANGES.join(', ')} (default: all)`,
      helpValue: 'CHANGE',
      multiple: true,
      options: LOCK_CHANGES,
    })(),
    max: Flags.integer({default: 10_000, description: 'list up to N locks; all are compared', helpValue: 'N', min: 1}),
  }
  static override summary = 'Show which Redis locks are new, which changed and which ended since the last audit.'

  async run(): Promise<LockAudit> {
    const {flags} = await this.parse(LocksAudit)
    const settings = scanSettings(flags, familiesWith(await ownFamilies(this.config.root, flags.families)))
    const lines = isLineFormat(flags.output) ? new LockLines('audit', flags.output) : null
    if (flags['latency-guard'] !== undefined) setLowPriority()
    const connection = await this.connections.redis()
    const pattern = flags.pattern ?? '*'
    const scope = {
      server: connection.address,
      pattern,
      families: (flags.family ?? []).toSorted(),
      assumesLocks: flags['assume-locks'],
    }
    const before = await readBaseline(flags.baseline, scope)
    const redlock = flags.redlock ?? this.connections.settings.redlock?.value ?? []
    const level = flags['fail-on']
    const startedAt = new Date()
    const origin = {scannedAt: startedAt.toISOString(), server: connection.address}
    let findings = 0
    const {audit, next, scan} = await auditLocks(
      connection,
      {
        ...settings,
        pattern,
        isAssumed: flags['assume-locks'] ? () => true : undefined,
        signal: AbortSignal.any([this.closeAtEnd(interruptible()).signal, ...(lines ? [lines.readerGone] : [])]),
      },
      {
        startedAt,
        before,
        changes: new Set(flags.change ?? LOCK_CHANGES),
        limit: flags.max,
        redlock: await redlockServers(connection, redlock, (url) => this.connections.redisAt(url)),
        onLocks: async (locks) => {
          const isFinding = (lock: (typeof locks)[number]): boolean =>
            level !== undefined && lock.change !== 'ended' && isAtOrAbove(lock.verdict, level)
          findings += locks.filter(isFinding).length
          await lines?.add(locks, origin)
        },
        onProgress: ({keys, locks}) => {
          this.progress.liveStatus('scanning', `${counted(locks, 'lock')} in about ${counted(keys, 'key')}`)
        },
      },
    )
    await writeBaseline(flags.baseline, scope, {scannedAt: audit.scannedAt, locks: next})
    requireSeen(scan, flags, findings)
    this.report(audit, flags)
    if (findings > 0) process.exitCode = exitCode('findings')
    return audit
  }

  private report(audit: LockAudit, {baseline, max, output}: {baseline: string; max: number; output: string}): void {
    if (this.jsonEnabled() || isLineFormat(output)) {
      for (const gap of incompleteNotes(audit.summary)) this.warn(gap)
    }
    if (isLineFormat(output)) return
    if (audit.locks.length === max) this.warn(`listing up to ${counted(max, 'lock')}; raise --max to list all`)
    this.print(renderAudit, audit, baseline)
  }
}

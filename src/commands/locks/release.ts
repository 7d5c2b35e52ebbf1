import {readFile} from 'node:fs/promises'

import {Args, Flags} from '@oclif/core'

import {currentActor, sudoUser} from '../../cli/process-user.js'
import {KeyshiftCommand} from '../../cli/base-command.js'
import {defaultDuration, durationFlag} from '../../cli/flags/duration.js'
import {confirmFlags, redisFlags} from '../../cli/flags/common-flags.js'
import {interruptible} from '../../cli/interrupt-signal.js'
import {familiesFlag, ownFamilies} from '../../cli/flags/lock-families-flag.js'
import {lockLimitFlags, lockLimits} from '../../cli/flags/lock-flags.js'
import {auditLogPath} from '../../cli/connection/folders.js'
import {readPlanFile, RELEASE_PLAN_COMMAND, writePlanFile} from '../../cli/files/plan-file.js'
import {renderReleasePlan, renderReleases} from '../../cli/render/locks/lock-release.js'
import {AuditLog} from '../../clients/files/audit-log.js'
import type {RedisConnection} from '../../clients/redis/connect.js'
import {auditFacts} from '../../domain/locks/release/audit-entry.js'
import {type LockReleases, releaseLocks} from '../../domain/locks/release/execute-release.js'
import {collectReleasePlan} from '../../domain/locks/release/collect-release-plan.js'
import {familiesWith} from '../../domain/locks/families/builtin.js'
import {keysOfScan} from '../../domain/locks/release/scan-output.js'
import {parseReleasePlan, type ReleasePlan} from '../../domain/locks/release/release-plan.js'
import {LOCK_VERDICTS} from '../../domain/locks/recognition/lock-verdicts.js'
import {Pending, Usage} from '../../errors.js'
import {suggestedCommand} from '../../suggested-command.js'

export interface LockReleaseAnswer {
  plan: ReleasePlan
  /** keys that were asked for and are not planned */
  skipped: Array<{key: string; reason: string}>
  /** null where it was only planned */
  executed: LockReleases | null
}

export default class LocksRelease extends KeyshiftCommand<LockReleaseAnswer> {
  static override args = {
    key: Args.string({description: 'keys of locks, as locks scan shows them', multiple: true}),
  }
  static override description =
    'Plans first: -o writes what was seen of each lock, type, value and exact end. --execute releases a lock only while ' +
    'it is exactly that, in one script or transaction, so one that was renewed or taken again is left alone. Those who ' +
    'wait are told, and dead waiters of a fair lock are taken out of the line. A lock without a TTL, whose holder may ' +
    'live, is given one instead of being deleted, unless --hard. Each decision is a line of an audit log.\n\n' +
    'Releasing the lock of a holder that lives lets a second one in. When in doubt, keep it.'
  static override examples = [
    "<%= config.bin %> <%= command.id %> 'lock:user:42' -o plan.json",
    '<%= config.bin %> <%= command.id %> --scan scan.json --verdict no-ttl -o plan.json',
    "<%= config.bin %> <%= command.id %> --execute plan.json --reason 'INC-7: worker-3 was killed'",
  ]
  static override flags = {
    ...redisFlags,
    ...familiesFlag,
    ...lockLimitFlags,
    'audit-log': Flags.string({
      description: 'where each decision is written down; in your state directory when left out',
      env: 'KEYSHIFT_AUDIT_LOG',
      helpGroup: 'RELEASE',
      helpValue: 'FILE',
    }),
    'avoid-scripts': Flags.boolean({
      dependsOn: ['execute'],
      description: 'WATCH and a transaction even where scripts are allowed',
      helpGroup: 'RELEASE',
    }),
    execute: Flags.string({
      dependsOn: ['reason'],
      description: 'release what this plan says',
      exclusive: ['output', 'scan'],
      helpGroup: 'RELEASE',
      helpValue: 'plan.json',
    }),
    grace: durationFlag({
      ...defaultDuration('1m'),
      description: 'the TTL that a lock is given instead of being deleted',
      helpGroup: 'PLAN',
      helpValue: '1m',
    }),
    hard: Flags.boolean({
      description: 'delete also what has no TTL',
      exclusive: ['soft'],
      helpGroup: 'PLAN',
    }),
    holder: Flags.string({
      description: 'of several holders take out this one, and leave the lock to the others',
      exclusive: ['soft', 'scan', 'execute'],
      helpGroup: 'PLAN',
      helpValue: 'TOKEN',
    }),
    output: Flags.string({
      char: 'o',
      description: 'write the plan to this file',
      helpGroup: 'PLAN',
      helpValue: 'plan.json',
    }),
    rate: Flags.integer({
      default: 50,
      description: 'releases in a second, at most',
      helpGroup: 'RELEASE',
      helpValue: 'N',
      min: 1,
    }),
    reason: Flags.string({
      description: 'why, for the audit log',
      helpGroup: 'RELEASE',
      helpValue: 'TEXT',
    }),
    scan: Flags.string({
      description: 'locks of this file, as locks scan --json or --output ndjson gave it',
      helpGroup: 'PLAN',
      helpValue: 'FILE',
    }),
    soft: Flags.boolean({description: 'delete nothing: give each lock a TTL', helpGroup: 'PLAN'}),
    verdict: Flags.option({
      dependsOn: ['scan'],
      description: 'of those, the ones that deserve this',
      helpGroup: 'PLAN',
      multiple: true,
      options: LOCK_VERDICTS,
    })(),
    'wait-replicas': Flags.integer({
      default: 0,
      description: 'ask so many replicas to confirm, and say how many did',
      helpGroup: 'RELEASE',
      helpValue: 'N',
      min: 0,
    }),
    ...confirmFlags,
  }
  static override summary = 'Release locks that are stuck, and no other: plan, look at the plan, execute it.'

  async run(): Promise<LockReleaseAnswer> {
    const {args, flags} = await this.parse(LocksRelease)
    const keys = [...(args.key ?? [])]
    if (flags.scan !== undefined) {
      keys.push(...keysOfScan(await readScan(flags.scan), flags.scan, new Set(flags.verdict ?? [])))
    }
    if ((flags.execute !== undefined) === keys.length > 0) {
      const text = flags.execute === undefined ? 'no lock is given' : '--execute takes its locks from the plan alone'
      throw new Usage('E_LOCKS', `${text}; give KEY…, --scan FILE or --execute plan.json`)
    }
    if (flags.holder !== undefined && keys.length > 1) {
      throw new Usage('E_LOCKS', '--holder is of one lock; give one KEY')
    }
    const connection = await this.connections.redis()
    if (flags.execute !== undefined) return this.execute(connection, flags.execute, flags)
    const {plan, skipped} = await collectReleasePlan(connection, keys, {
      ...lockLimits(flags),
      families: familiesWith(await ownFamilies(this.config.root, flags.families)),
      how: flags.hard ? 'hard' : flags.soft ? 'soft' : 'auto',
      graceMs: flags.grace,
      holder: flags.holder ?? null,
      now: new Date(),
      validForMs: VALID_MS,
    })
    const unsuspicious = plan.releases.filter(
      ({action, lock}) => action !== 'keep' && lock.verdict === 'healthy',
    ).length
    if (unsuspicious > 0) this.warn(`${String(unsuspicious)} of these show nothing wrong: their holders may well live`)
    if (flags.output !== undefined) await writePlanFile(flags.output, plan, RELEASE_PLAN_COMMAND)
    this.print(renderReleasePlan, plan, skipped, flags.output ?? null)
    return {plan, skipped, executed: null}
  }

  private async execute(connection: RedisConnection, file: string, flags: ExecuteFlags): Promise<LockReleaseAnswer> {
    const plan = parseReleasePlan(await readPlanFile(file, RELEASE_PLAN_COMMAND), {
      file,
      address: connection.address,
      now: new Date(),
    })
    const reason = flags.reason?.trim() ?? ''
    if (reason === '') throw new Usage('E_REASON', '--reason is empty: say why, for the audit log')
    if (!flags.yes) this.preview(renderReleasePlan, plan, [], file)
    await this.confirm(`Release ${String(plan.releases.length)} locks?`, flags, 'Redis')
    const audit = this.own(await AuditLog.open(flags['audit-log'] ?? auditLogPath()))
    const about = {reason, plan, who: {...currentActor(), sudoUser: sudoUser()}, version: this.config.version}
    await audit.append(auditFacts(about, null))
    let done = 0
    const executed = await releaseLocks(connection, plan, {
      ratePerSecond: flags.rate,
      replicas: flags['wait-replicas'],
      avoidsScripts: flags['avoid-scripts'],
      signal: this.own(interruptible()).signal,
      onRelease: async (release, planned) => {
        await audit.append(auditFacts(about, {release, planned}))
        this.progress.busy('releasing', `${String(++done)} of ${String(plan.releases.length)}`)
      },
    })
    this.print(renderReleases, executed)
    if (executed.stopped !== null) {
      throw new Pending('E_RELEASE_STOPPED', `the release was stopped: ${executed.stopped}`, {
        data: {...executed},
        next: [suggestedCommand('locks', 'scan', '--pattern', 'lock:*', '--observe', '12s')],
      })
    }
    return {plan, skipped: [], executed}
  }
}

/** Long enough to read a plan; the snapshots in it keep what has changed from being released. */
const VALID_MS = 15 * 60_000

interface ExecuteFlags {
  readonly 'audit-log': string | undefined
  readonly 'avoid-scripts': boolean
  readonly rate: number
  readonly reason: string | undefined
  readonly 'wait-replicas': number
  readonly yes: boolean
}

async function readScan(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new Usage('E_SCAN_FILE', `${file} can't be read: ${(error as Error).message}`, {data: {file}})
  }
}

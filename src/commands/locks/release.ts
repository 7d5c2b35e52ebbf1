import {readFile} from 'node:fs/promises'

import {Args, Flags} from '@oclif/core'

import {currentActor, sudoUser} from '../../cli/process-user.js'
import {KeyshiftCommand} from '../../cli/base-command.js'
import {durationFlag} from '../../cli/flags/duration.js'
import {confirmFlags, redisFlags} from '../../cli/flags/common-flags.js'
import {interruptible} from '../../cli/interrupt-signal.js'
import {familiesFlag, ownFamilies} from '../../cli/flags/lock-families-flag.js'
import {DEFAULT_GRACE, lockLimitFlags, lockLimits} from '../../cli/flags/lock-flags.js'
import {tableOutputFlag} from '../../cli/flags/output-flags.js'
import {auditLogPath} from '../../cli/connection/folders.js'
import {readPlanFile, RELEASE_PLAN_COMMAND, writePlanFile} from '../../cli/files/plan-file.js'
import {renderReleasePlan, renderReleases} from '../../cli/render/locks/lock-release.js'
import {AuditLog} from '../../clients/files/audit-log.js'
import type {RedisConnection} from '../../clients/redis/connect.js'
import {auditFacts} from '../../domain/locks/release/audit-entry.js'
import {type LockReleases, releaseLocks} from '../../domain/locks/release/execute-release.js'
import {collectReleasePlan} from '../../domain/locks/release/collect-release-plan.js'
import {familiesWith} from '../../domain/locks/families/builtin.js'
import {locksOfScan} from '../../domain/locks/release/scan-output.js'
import {parseReleasePlan, type ReleasePlan} from '../../domain/locks/release/release-plan.js'
import {LOCK_VERDICTS} from '../../domain/locks/recognition/lock-verdicts.js'
import {Pending, Unreachable, Usage} from '../../errors.js'
import {suggestedCommand} from '../../suggested-command.js'
import {counted, durationText, messageOf, numberText} from '../../wording.js'

export interface LockReleaseAnswer {
  plan: ReleasePlan
  /** requested keys that are not part of the plan */
  skipped: Array<{key: string; reason: string}>
  /** null when the release was only planned */
  executed: LockReleases | null
}

export default class LocksRelease extends KeyshiftCommand<LockReleaseAnswer> {
  static override args = {
    key: Args.string({description: 'lock keys, as shown by locks scan', multiple: true}),
  }
  static override description =
    'Without --execute, only a plan is made: -o writes it with the type, value and exact expiry of each lock. --execute ' +
    'releases a lock only if all of these are unchanged, in one script or transaction, so a lock that was renewed or ' +
    'acquired again is not released. Waiters are notified, and disconnected waiters are removed from the wait queue of ' +
    'a fair lock. Every decision is recorded in an audit log.\n\n' +
    'A lock is released only if something shows that its holder has exited: a scan that reports it as not-renewed, a ' +
    'token without a TTL that is older than --max-hold, or a watch for that time (--observe). With --hard, a lock given by ' +
    'name is deleted although its holder may be active, and a second holder can then work at the same time. A lock ' +
    'without a TTL gets the TTL of --grace, unless --hard is set.'
  static override examples = [
    "<%= config.bin %> <%= command.id %> 'lock:user:42' -o plan.json",
    '<%= config.bin %> <%= command.id %> --scan scan.json --verdict no-ttl -o plan.json',
    "<%= config.bin %> <%= command.id %> --execute plan.json --reason 'INC-7: worker-3 was killed'",
  ]
  static override flags = {
    ...redisFlags,
    ...familiesFlag,
    ...lockLimitFlags,
    ...tableOutputFlag,
    'audit-log': Flags.string({
      description: 'audit log file (default: in your state directory)',
      env: 'KEYSHIFT_AUDIT_LOG',
      helpGroup: 'RELEASE',
      helpValue: 'FILE',
    }),
    'avoid-scripts': Flags.boolean({
      dependsOn: ['execute'],
      description: 'use WATCH and a transaction instead of a script',
      helpGroup: 'RELEASE',
    }),
    execute: Flags.string({
      dependsOn: ['reason'],
      description: 'execute this plan',
      exclusive: ['out', 'scan'],
      helpGroup: 'RELEASE',
      helpValue: 'FILE',
    }),
    grace: durationFlag({
      ...DEFAULT_GRACE,
      description: 'TTL to set on locks that are not deleted',
      helpGroup: 'PLAN',
    }),
    hard: Flags.boolean({
      description:
        'delete the lock although its holder may be active; a lock without a TTL whose token may be the same each time also needs --observe',
      exclusive: ['soft'],
      helpGroup: 'PLAN',
    }),
    holder: Flags.string({
      description: 'remove only this holder of a lock with several holders',
      exclusive: ['soft', 'scan', 'execute'],
      helpGroup: 'PLAN',
      helpValue: 'TOKEN',
    }),
    observe: durationFlag({
      description: 'watch each lock this long before its release, and release it only if no client has written to it',
      exclusive: ['execute'],
      helpGroup: 'PLAN',
    }),
    out: Flags.string({
      char: 'o',
      description: 'write the plan to this file',
      helpGroup: 'PLAN',
      helpValue: 'FILE',
    }),
    rate: Flags.integer({
      default: 50,
      description: 'maximum number of releases per second',
      helpGroup: 'RELEASE',
      helpValue: 'N',
      min: 1,
    }),
    reason: Flags.string({
      description: 'reason, recorded in the audit log',
      helpGroup: 'RELEASE',
      helpValue: 'TEXT',
    }),
    scan: Flags.string({
      description: 'plan for the locks in this file, which locks scan wrote with --json or --output ndjson',
      helpGroup: 'PLAN',
      helpValue: 'FILE',
    }),
    soft: Flags.boolean({description: 'set a TTL on every lock instead of deleting it', helpGroup: 'PLAN'}),
    verdict: Flags.option({
      dependsOn: ['scan'],
      description: `only locks with this verdict; repeat for several: ${LOCK_VERDICTS.join(', ')}`,
      helpGroup: 'PLAN',
      helpValue: 'VERDICT',
      multiple: true,
      options: LOCK_VERDICTS,
    })(),
    'wait-replicas': Flags.integer({
      default: 0,
      description:
        'wait until N replicas confirm the release (at most 1 s), and report how many did (default: do not wait)',
      helpGroup: 'RELEASE',
      helpValue: 'N',
      min: 0,
    }),
    ...confirmFlags,
  }
  static override summary = 'Plan, review and execute the release of stuck locks.'

  async run(): Promise<LockReleaseAnswer> {
    const {args, flags} = await this.parse(LocksRelease)
    const limits = lockLimits(flags)
    const scanned =
      flags.scan === undefined
        ? null
        : locksOfScan(await readScan(flags.scan), flags.scan, new Set(flags.verdict ?? []), limits.maxHoldMs)
    const keys = args.key ?? []
    if ((flags.execute !== undefined) === (keys.length > 0 || scanned !== null)) {
      const text = flags.execute === undefined ? 'no lock is given' : '--execute releases only the locks in its plan'
      throw new Usage('E_LOCKS', `${text}; give either KEY…, --scan FILE or --execute plan.json`)
    }
    if (flags.observe === 0)
      throw new Usage('E_LOCKS', '--observe must be longer than 0 s, because it watches each lock')
    if (flags.holder !== undefined && keys.length > 1) {
      throw new Usage('E_LOCKS', '--holder applies to a single lock; give one KEY')
    }
    const connection = await this.connections.redis()
    if (flags.execute !== undefined) return this.execute(connection, flags.execute, flags)
    const locks = [...keys.map((key) => ({key, seen: null})), ...(scanned?.wanted ?? [])]
    if (flags.observe !== undefined && locks.length > MOST_WATCHED) {
      throw new Usage(
        'E_LOCKS',
        `--observe needs a connection for each lock; plan at most ${counted(MOST_WATCHED, 'lock')}, not ${numberText(locks.length)}`,
      )
    }
    const {plan, skipped: unplanned} = await collectReleasePlan(connection, locks, {
      ...limits,
      families: familiesWith(await ownFamilies(this.config.root, flags.families)),
      how: flags.hard ? 'hard' : flags.soft ? 'soft' : 'auto',
      graceMs: flags.grace,
      holder: flags.holder ?? null,
      watchMs: flags.observe ?? null,
      now: new Date(),
      validForMs: VALID_MS,
    })
    const skipped = [...(scanned?.skipped ?? []), ...unplanned]
    const unsuspicious = plan.releases.filter(
      ({action, lock}) => action !== 'keep' && lock.verdict === 'healthy',
    ).length
    if (unsuspicious > 0) {
      this.warn(
        `${counted(unsuspicious, 'lock')} in this plan with verdict healthy: the holder is probably still active`,
      )
    }
    if (flags.out !== undefined) await writePlanFile(flags.out, plan, RELEASE_PLAN_COMMAND)
    this.print(renderReleasePlan, plan, skipped, flags.out ?? null)
    return {plan, skipped, executed: null}
  }

  private async execute(connection: RedisConnection, file: string, flags: ExecuteFlags): Promise<LockReleaseAnswer> {
    const plan = parseReleasePlan(await readPlanFile(file, RELEASE_PLAN_COMMAND), {
      file,
      address: connection.address,
      now: new Date(),
    })
    const reason = flags.reason?.trim() ?? ''
    if (reason === '') throw new Usage('E_REASON', '--reason is empty; give the reason for the audit log')
    if (!flags.yes) this.preview(renderReleasePlan, plan, [], file)
    const count = plan.releases.filter(({action}) => action !== 'keep').length
    await this.confirm(`Release ${counted(count, 'lock')} in Redis at ${plan.address}?`, flags)
    const audit = this.closeAtEnd(await AuditLog.open(flags['audit-log'] ?? auditLogPath()))
    const about = {reason, plan, who: {...currentActor(), sudoUser: sudoUser()}, version: this.config.version}
    await audit.append(auditFacts(about, null))
    let done = 0
    const executed = await releaseLocks(connection, plan, {
      ratePerSecond: flags.rate,
      replicas: flags['wait-replicas'],
      avoidsScripts: flags['avoid-scripts'],
      signal: this.closeAtEnd(interruptible()).signal,
      onWait: (reason, locks, waitMs) => {
        const what = reason === 'watch' ? 'watching' : 'to wake the waiters, waiting for the end of'
        this.progress.event(`${what} ${counted(locks, 'lock')} for ${durationText(waitMs)}; Ctrl-C stops it`)
      },
      onRelease: async (release, planned) => {
        await audit.append(auditFacts(about, {release, planned}))
        this.progress.liveStatus('releasing', `${String(++done)} of ${String(plan.releases.length)}`)
      },
    })
    this.print(renderReleases, executed)
    if (executed.stopped !== null) {
      throw new Pending('E_RELEASE_STOPPED', `the release stopped early: ${executed.stopped}`, {
        data: {...executed},
        next: [suggestedCommand('locks', 'scan', '--pattern', 'lock:*', '--observe', '12s')],
      })
    }
    requireReleased(executed)
    return {plan, skipped: [], executed}
  }
}

/** @throws Unreachable E_RELEASE_FAILED when the server refused a lock that was to be released. */
function requireReleased(executed: LockReleases): void {
  const {address, releases, summary} = executed
  if (summary.failed === 0) return
  const reasons = [...new Set(releases.filter(({result}) => result === 'failed').map(({reason}) => reason ?? ''))]
  const failed = `${numberText(summary.failed)} of ${counted(releases.length - summary.refused, 'lock')}`
  throw new Unreachable(
    'E_RELEASE_FAILED',
    `${failed} failed to be released in Redis at ${address}: ${reasons.join('; ')}`,
    {
      data: {...executed},
    },
  )
}

/** Long enough to review a plan. A lock that changes in the meantime is not released, because it differs from its snapshot. */
const VALID_MS = 15 * 60_000
const MOST_WATCHED = 100

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
    const cause = error instanceof Error && 'code' in error ? String(error.code) : messageOf(error)
    throw new Usage('E_SCAN_FILE', `the scan file ${file} cannot be read (${cause})`, {data: {file}})
  }
}

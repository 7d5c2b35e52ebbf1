import {Flags} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {durationFlag} from '../../cli/flags/duration.js'
import {exitCode} from '../../cli/exit-codes.js'
import {pulsarFlags, redisFlags} from '../../cli/flags/common-flags.js'
import {setLowPriority} from '../../cli/low-priority.js'
import {interruptible} from '../../cli/interrupt-signal.js'
import {LineWriter} from '../../cli/output/stdout-lines.js'
import {familiesFlag, ownFamilies} from '../../cli/flags/lock-families-flag.js'
import {lockLimitFlags, lockLimits} from '../../cli/flags/lock-flags.js'
import {redlockServers} from '../../cli/redlock.js'
import {CSV_HEAD, csvLines, jsonLines} from '../../cli/render/locks/lock-rows.js'
import {asksForJson} from '../../cli/output/list-output.js'
import {incompleteNotes, renderLocks} from '../../cli/render/locks/locks.js'
import {FirstSeenFile} from '../../clients/files/first-seen-file.js'
import {HASHING_SCHEMES, type HashingScheme} from '../../domain/keys/hashing/partition-routing.js'
import {collectLiveConsumers} from '../../domain/locks/consumers/collect-live-consumers.js'
import {type LockScan, scanLocks} from '../../domain/locks/scan/collect-locks.js'
import {globOf, LockCorrelation} from '../../domain/locks/consumers/lock-correlation.js'
import {familiesWith} from '../../domain/locks/families/builtin.js'
import type {LockRecord} from '../../domain/locks/recognition/lock-record.js'
import {isAsBadAs} from '../../domain/locks/recognition/lock-verdicts.js'
import {SEVERITIES} from '../../severity.js'
import {Usage} from '../../errors.js'

export default class LocksScan extends KeyshiftCommand<LockScan> {
  static override description =
    'Walks every primary by SCAN; reads only. One look tells locks without a TTL, with one that is too long, and how ' +
    'long they have been held at least. Two looks also tell which are renewed: give --observe, or run it now and then ' +
    'with the same --first-seen. A lock that is not renewed ends by itself: wait, and keep what is in doubt.'
  static override examples = [
    "<%= config.bin %> <%= command.id %> --pattern 'lock:*'",
    "<%= config.bin %> <%= command.id %> --pattern 'lock:*' --observe 12s --fail-on error",
    "<%= config.bin %> <%= command.id %> --topic orders --subscription decision --key-pattern 'lock:user:{key}' --holder-pattern '{consumer}:*'",
    "<%= config.bin %> <%= command.id %> --pattern '*' --family redisson --first-seen /var/lib/keyshift/locks",
    "<%= config.bin %> <%= command.id %> --pattern 'lock:*' --output ndjson | jq 'select(.verdict == \"no-ttl\")'",
  ]
  static override flags = {
    ...redisFlags,
    ...pulsarFlags,
    ...familiesFlag,
    ...lockLimitFlags,
    'avoid-scripts': Flags.boolean({description: 'read by pipelines even where a read-only script may run; slower'}),
    backlog: Flags.integer({
      dependsOn: ['topic'],
      description: 'look at so many of the oldest messages too: which locks hold some up, which keys have none',
      helpGroup: 'SUBSCRIPTION',
      helpValue: 'ENTRIES',
      min: 1,
    }),
    'fail-on': Flags.option({
      description: 'exit with 10 when a lock deserves a verdict as bad as this',
      options: SEVERITIES,
    })(),
    family: Flags.string({description: 'only locks of this family', helpValue: 'NAME', multiple: true}),
    'first-seen': Flags.string({
      description: 'remember in this file when each lock was seen first, and when it would end',
      helpValue: 'FILE',
    }),
    'from-replica': Flags.boolean({
      description: 'read a replica of each primary: spares it, and leaves its idle times alone',
    }),
    'hashing-scheme': Flags.option({
      dependsOn: ['topic'],
      description: 'how producers choose the partition of a key',
      helpGroup: 'SUBSCRIPTION',
      options: HASHING_SCHEMES,
    })(),
    'holder-pattern': Flags.string({
      dependsOn: ['topic'],
      description: "a holder's token: {consumer} stands for the consumer's name, address or a value of its metadata",
      helpGroup: 'SUBSCRIPTION',
      helpValue: '{consumer}:*',
    }),
    'key-pattern': Flags.string({
      dependsOn: ['topic'],
      description: "a lock's key: {key} stands for the message key, * for anything; it is the default of --pattern",
      helpGroup: 'SUBSCRIPTION',
      helpValue: 'lock:user:{key}',
    }),
    'latency-guard': durationFlag({
      description: 'read in small pages, at the lowest priority, and rest when others wait for longer than this',
      helpValue: '5ms',
    }),
    limit: Flags.integer({default: 10_000, description: 'list at most this many locks; all are counted', min: 1}),
    'max-ops': Flags.integer({
      description: 'let each server carry out at most so many commands a second',
      helpValue: 'N',
      min: 1,
    }),
    observe: durationFlag({
      description: 'look at each lock twice, so far apart; more than two renewals of your locks is best',
      helpValue: '12s',
    }),
    output: Flags.option({
      default: 'table',
      description: 'csv and ndjson give every lock as soon as it is judged, whatever --limit says',
      options: ['table', 'csv', 'ndjson', 'json'] as const,
    })(),
    pattern: Flags.string({
      description: 'keys to look at, as a glob (lock:*); with * only what can be nothing but a lock is taken for one',
      helpValue: 'GLOB',
    }),
    redlock: Flags.string({
      description:
        "one more of the independent servers on which the locks are taken (Redlock); give each; the context's when left out",
      helpGroup: 'REDIS',
      helpValue: 'redis://HOST:6379',
      multiple: true,
    }),
    subscription: Flags.string({
      dependsOn: ['topic'],
      description: 'its consumers are compared with the holders',
      helpGroup: 'SUBSCRIPTION',
      helpValue: 'SUB',
    }),
    topic: Flags.string({
      dependsOn: ['subscription', 'key-pattern'],
      description: 'tell whether each lock is held by the consumer that gets its messages',
      helpGroup: 'SUBSCRIPTION',
      helpValue: 'TOPIC',
    }),
  }
  static override summary = 'Find Redis locks, name their holders, and point out those that are stuck.'

  async run(): Promise<LockScan> {
    const {flags} = await this.parse(LocksScan)
    const families = familiesWith(await ownFamilies(this.config.root, flags.families))
    const unknown = (flags.family ?? []).filter((name) => !families.families.has(name))
    if (unknown.length > 0) {
      const known = [...families.families.keys()].toSorted().join(', ')
      throw new Usage('E_LOCK_FAMILY', `no lock family ${unknown.join(', ')}; known are ${known}`)
    }
    const lines = this.lines(flags.output)
    if (flags['latency-guard'] !== undefined) setLowPriority()
    const firstSeen = flags['first-seen'] === undefined ? null : await FirstSeenFile.open(flags['first-seen'])
    const connection = await this.connections.redis()
    const level = flags['fail-on']
    let findings = 0
    const scan = await scanLocks(connection, {
      ...lockLimits(flags),
      pattern: flags.pattern ?? (flags['key-pattern'] === undefined ? 'lock:*' : globOf(flags['key-pattern'])),
      correlation: await this.correlation(flags),
      redlock: await redlockServers(
        connection,
        flags.redlock ?? this.connections.settings.redlock?.value ?? [],
        (url) => this.connections.redisAt(url),
      ),
      avoidsScripts: flags['avoid-scripts'],
      fromReplica: flags['from-replica'],
      rate: {maxOps: flags['max-ops'] ?? null, guardMs: flags['latency-guard'] ?? null},
      families,
      onlyFamilies: flags.family === undefined ? null : new Set(flags.family),
      limit: flags.limit,
      observeMs: flags.observe ?? null,
      earlierSamples: firstSeen,
      onLocks: async (locks) => {
        if (level !== undefined) findings += locks.filter(({verdict}) => isAsBadAs(verdict, level)).length
        await lines?.add(locks)
      },
      onProgress: ({keys, locks}) => {
        this.progress.busy('scanning', `${String(locks)} locks in about ${String(keys)} keys`)
      },
      signal: AbortSignal.any([this.own(interruptible()).signal, ...(lines ? [lines.readerGone] : [])]),
    })
    await firstSeen?.save()
    const isTable = flags.output === 'table' && !this.jsonEnabled()
    if (!isTable) for (const gap of incompleteNotes(scan.summary)) this.warn(gap)
    const isList = flags.output === 'table' || flags.output === 'json'
    if (isList && scan.summary.locks > flags.limit) {
      this.warn(`only ${String(flags.limit)} locks are listed; raise --limit, or take --output ndjson`)
    }
    if (isTable) this.print(renderLocks, scan)
    if (findings > 0) process.exitCode = exitCode('findings')
    return scan
  }

  private async correlation(flags: SubscriptionFlags): Promise<LockCorrelation | null> {
    const {'key-pattern': keyPattern, subscription, topic} = flags
    if (topic === undefined || subscription === undefined || keyPattern === undefined) return null
    const admin = await this.connections.admin()
    const hashingScheme = flags['hashing-scheme'] ?? null
    const live = await collectLiveConsumers(admin, {
      topic,
      subscription,
      hashingScheme,
      backlogEntries: flags.backlog ?? null,
      onProgress: (read, chosen) => {
        this.progress.busy('reading messages', `${String(read)} of ${String(chosen)} entries`)
      },
    })
    if (live.routing.source === 'assumed') {
      this.warn(
        `no message on the topic shows which partition a key goes to: ${live.routing.hashingScheme} is assumed, or give --hashing-scheme`,
      )
    }
    return new LockCorrelation({...live, keyPattern, holderPattern: flags['holder-pattern'] ?? null})
  }

  override jsonEnabled(): boolean {
    return super.jsonEnabled() || asksForJson(this.argv)
  }

  /** Writes each lock as a line; null where they are listed in the end. */
  private lines(output: 'csv' | 'json' | 'ndjson' | 'table'): LockLines | null {
    if (output === 'table' || output === 'json') return null
    if (super.jsonEnabled()) {
      throw new Usage('E_OUTPUT_JSON', `--json is one document for all, --output ${output} a line for each lock`)
    }
    return new LockLines(output)
  }
}

interface SubscriptionFlags {
  readonly 'admin-url'?: string | undefined
  readonly backlog?: number | undefined
  readonly 'hashing-scheme'?: HashingScheme | undefined
  readonly 'holder-pattern'?: string | undefined
  readonly 'key-pattern'?: string | undefined
  readonly subscription?: string | undefined
  readonly topic?: string | undefined
}

class LockLines extends LineWriter {
  private readonly linesOf: (locks: readonly LockRecord[]) => string
  private head: string

  constructor(output: 'csv' | 'ndjson') {
    super()
    this.linesOf = output === 'csv' ? csvLines : jsonLines
    this.head = output === 'csv' ? CSV_HEAD : ''
  }

  async add(locks: readonly LockRecord[]): Promise<void> {
    await this.write(this.head + this.linesOf(locks))
    this.head = ''
  }
}

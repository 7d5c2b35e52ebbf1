import {Flags} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {durationFlag} from '../../cli/flags/duration.js'
import {exitCode} from '../../cli/exit-codes.js'
import {pulsarFlags, redisFlags} from '../../cli/flags/common-flags.js'
import {setLowPriority} from '../../cli/low-priority.js'
import {interruptible} from '../../cli/interrupt-signal.js'
import {StdoutWriter} from '../../cli/output/stdout-lines.js'
import {familiesFlag, ownFamilies} from '../../cli/flags/lock-families-flag.js'
import {lockLimitFlags, lockLimits} from '../../cli/flags/lock-flags.js'
import {redlockServers} from '../../cli/redlock.js'
import {headLine, type LineFormat, lockLines} from '../../cli/render/locks/lock-rows.js'
import {type ListOutput, listOutputFlag} from '../../cli/flags/output-flags.js'
import {incompleteNotes, renderLocks} from '../../cli/render/locks/locks.js'
import {FirstSeenFile} from '../../clients/files/first-seen-file.js'
import {HASHING_SCHEMES, type HashingScheme} from '../../domain/keys/hashing/partition-routing.js'
import {collectLiveConsumers} from '../../domain/locks/consumers/collect-live-consumers.js'
import {type LockScan, scanLocks} from '../../domain/locks/scan/collect-locks.js'
import type {ScanSettings} from '../../domain/locks/scan/collect-server.js'
import {globOf, LockCorrelation} from '../../domain/locks/consumers/lock-correlation.js'
import {familiesWith} from '../../domain/locks/families/builtin.js'
import type {LockRecord} from '../../domain/locks/recognition/lock-record.js'
import {isAtOrAbove} from '../../domain/locks/recognition/lock-verdicts.js'
import {SEVERITIES} from '../../severity.js'
import {Usage} from '../../errors.js'
import {counted, numberText} from '../../wording.js'

export default class LocksScan extends KeyshiftCommand<LockScan> {
  static override description =
    'Scans every primary with SCAN and changes nothing. One sample finds locks without a TTL or with a long one, and gives a ' +
    'lower bound of how long each has been held. A second sample also shows which locks are renewed: use --observe, or ' +
    'run the command regularly with the same --first-seen file. With --output csv, tsv or ndjson, each lock is printed once ' +
    'it has been assessed, regardless of --max. A lock with a TTL expires on its own unless it is renewed. If in ' +
    'doubt, do not release it.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    "<%= config.bin %> <%= command.id %> --pattern 'lock:*' --observe 12s --fail-on error",
    "<%= config.bin %> <%= command.id %> --topic orders --subscription decision --key-pattern 'lock:user:{key}' --holder-pattern '{consumer}:*'",
    '<%= config.bin %> <%= command.id %> --family redisson --first-seen /var/lib/keyshift/locks',
    "<%= config.bin %> <%= command.id %> --pattern 'account:*' --assume-locks",
    "<%= config.bin %> <%= command.id %> --pattern 'lock:*' --output ndjson | jq 'select(.verdict == \"no-ttl\")'",
  ]
  static override flags = {
    ...redisFlags,
    ...pulsarFlags,
    ...familiesFlag,
    ...lockLimitFlags,
    ...listOutputFlag,
    'assume-locks': Flags.boolean({
      description:
        'every key that matches --pattern is a lock; otherwise only unambiguous lock formats and names with a word such as lock, mutex or lease count',
    }),
    'avoid-scripts': Flags.boolean({description: 'read with pipelines instead of a read-only script (slower)'}),
    backlog: Flags.integer({
      dependsOn: ['topic'],
      description:
        'also read up to N of the oldest backlog entries, and report locks that block messages and keys without a lock',
      helpGroup: 'SUBSCRIPTION',
      helpValue: 'N',
      min: 1,
    }),
    'fail-on': Flags.option({
      description: 'exit 10 if any lock has a verdict at or above this severity',
      options: SEVERITIES,
    })(),
    family: Flags.string({
      description: 'only locks of this family, such as redisson; repeat for several',
      helpValue: 'NAME',
      multiple: true,
    }),
    'first-seen': Flags.string({
      description: 'record in this file when each lock was first seen and when it expires, for the next scan',
      helpValue: 'FILE',
    }),
    'from-replica': Flags.boolean({
      description:
        'read from a replica of each primary: adds no load to the primary and does not reset the idle times of its keys',
    }),
    'hashing-scheme': Flags.option({
      dependsOn: ['topic'],
      description: 'hashing scheme of the producers (default: detected from messages on the topic)',
      helpGroup: 'SUBSCRIPTION',
      options: HASHING_SCHEMES,
    })(),
    'holder-pattern': Flags.string({
      dependsOn: ['topic'],
      description: 'format of owner tokens; {consumer} is a consumer name, an address or a value of its metadata',
      helpGroup: 'SUBSCRIPTION',
      helpValue: '{consumer}:*',
    }),
    'key-pattern': Flags.string({
      dependsOn: ['topic'],
      description:
        'format of lock keys; {key} is the message key, * is any text; every key in this format is a lock; without --pattern, only these keys are scanned',
      helpGroup: 'SUBSCRIPTION',
      helpValue: 'lock:user:{key}',
    }),
    'latency-guard': durationFlag({
      description:
        'read small pages, give other programs on this machine priority, and slow down when Redis takes longer than this to answer a PING, such as 5ms',
    }),
    max: Flags.integer({default: 10_000, description: 'list up to N locks; all are counted', helpValue: 'N', min: 1}),
    'max-ops': Flags.integer({
      description: 'maximum number of Redis commands per second on each server',
      helpValue: 'N',
      min: 1,
    }),
    observe: durationFlag({
      description:
        'sample each lock twice, this time apart, such as 12s; use more than two renewal intervals of your locks',
    }),
    pattern: Flags.string({
      description:
        'glob of the keys to scan (default: *); of these, unambiguous lock formats and names with a word such as lock, mutex or lease are reported',
      helpValue: 'GLOB',
    }),
    redlock: Flags.string({
      description: 'a further independent Redlock server; repeat for each server (default: the servers of the context)',
      helpGroup: 'REDIS',
      helpValue: 'redis://HOST:6379',
      multiple: true,
    }),
    subscription: Flags.string({
      dependsOn: ['topic'],
      description: 'subscription whose consumers are compared with the lock holders',
      helpGroup: 'SUBSCRIPTION',
      helpValue: 'SUB',
    }),
    topic: Flags.string({
      dependsOn: ['subscription', 'key-pattern'],
      description: 'topic; reports whether each lock is held by the consumer that receives the messages of its key',
      helpGroup: 'SUBSCRIPTION',
      helpValue: 'TOPIC',
    }),
  }
  static override summary = 'Find Redis locks, identify their holders, and report stuck locks.'

  async run(): Promise<LockScan> {
    const {flags} = await this.parse(LocksScan)
    const families = familiesWith(await ownFamilies(this.config.root, flags.families))
    const unknown = (flags.family ?? []).filter((name) => !families.families.has(name))
    if (unknown.length > 0) {
      const known = [...families.families.keys()].toSorted().join(', ')
      throw new Usage('E_LOCK_FAMILY', `unknown lock family: ${unknown.join(', ')}; known are ${known}`)
    }
    const lines = this.lines(flags.output)
    if (flags['latency-guard'] !== undefined) setLowPriority()
    const firstSeen = flags['first-seen'] === undefined ? undefined : await FirstSeenFile.open(flags['first-seen'])
    const connection = await this.connections.redis()
    const redlock = flags.redlock ?? this.connections.settings.redlock?.value ?? []
    const level = flags['fail-on']
    let findings = 0
    const correlation = await this.correlation(flags)
    const settings: ScanSettings = {
      pattern: flags.pattern ?? (flags['key-pattern'] === undefined ? '*' : globOf(flags['key-pattern'])),
      isAssumed: flags['assume-locks'] ? () => true : correlation && ((key) => correlation.isLockKey(key)),
      families,
      limits: lockLimits(flags),
      onlyFamilies: flags.family === undefined ? undefined : new Set(flags.family),
      observeMs: flags.observe,
      earlierSamples: firstSeen,
      avoidsScripts: flags['avoid-scripts'],
      fromReplica: flags['from-replica'],
      rate: {maxOps: flags['max-ops'] ?? null, guardMs: flags['latency-guard'] ?? null},
      signal: AbortSignal.any([this.closeAtEnd(interruptible()).signal, ...(lines ? [lines.readerGone] : [])]),
    }
    const scan = await scanLocks(connection, settings, {
      limit: flags.max,
      correlation,
      redlock: await redlockServers(connection, redlock, (url) => this.connections.redisAt(url)),
      onLocks: async (locks) => {
        if (level !== undefined) findings += locks.filter(({verdict}) => isAtOrAbove(verdict, level)).length
        await lines?.add(locks)
      },
      onProgress: ({keys, locks}) => {
        this.progress.liveStatus('scanning', `${counted(locks, 'lock')} in about ${counted(keys, 'key')}`)
      },
    })
    await firstSeen?.save()
    this.report(scan, flags)
    if (findings > 0) process.exitCode = exitCode('findings')
    return scan
  }

  /** Prints the table, or warns about everything that a list without notes does not show. */
  private report(scan: LockScan, {max, output}: ReportFlags): void {
    const isTable = (output === 'table' || output === 'wide') && !this.jsonEnabled()
    if (!isTable) for (const gap of incompleteNotes(scan.summary)) this.warn(gap)
    if ((isTable || this.jsonEnabled()) && scan.summary.locks > max) {
      const listed = `listing ${numberText(max)} of ${counted(scan.summary.locks, 'lock')}`
      this.warn(`${listed}; raise --max or use --output ndjson to list all`)
    }
    if (isTable) this.print(renderLocks, scan)
  }

  private async correlation(flags: SubscriptionFlags): Promise<LockCorrelation | undefined> {
    const {'key-pattern': keyPattern, subscription, topic} = flags
    if (topic === undefined || subscription === undefined || keyPattern === undefined) return undefined
    const admin = await this.connections.admin()
    const hashingScheme = flags['hashing-scheme'] ?? null
    const live = await collectLiveConsumers(admin, {
      topic,
      subscription,
      hashingScheme,
      backlogEntries: flags.backlog ?? null,
      onProgress: (read, chosen) => {
        this.progress.liveStatus('reading messages', `${numberText(read)} of ${counted(chosen, 'entry', 'entries')}`)
      },
    })
    const {hashingScheme: detected, source} = live.routing
    if (source === 'assumed') {
      this.warn(
        `too few messages on the topic show the partitioning; ${detected ?? ''} is assumed (override with --hashing-scheme)`,
      )
    } else if (detected === null) {
      this.warn(
        'the messages on the topic show no single hashing scheme, so the partition of a key is known only if it has waiting messages among those that --backlog reads',
      )
    }
    return new LockCorrelation({...live, keyPattern, holderPattern: flags['holder-pattern'] ?? null})
  }

  /** Writes each lock as a line; null for the formats that list all locks at the end. */
  private lines(output: ListOutput): LockLines | null {
    return output === 'csv' || output === 'tsv' || output === 'ndjson' ? new LockLines(output) : null
  }
}

interface ReportFlags {
  readonly max: number
  readonly output: ListOutput
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

class LockLines extends StdoutWriter {
  private readonly format: LineFormat
  private head: string

  constructor(format: LineFormat) {
    super()
    this.format = format
    this.head = headLine(format)
  }

  async add(locks: readonly LockRecord[]): Promise<void> {
    await this.write(this.head + lockLines(locks, this.format))
    this.head = ''
  }
}

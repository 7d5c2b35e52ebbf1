import {Flags} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {exitCode} from '../../cli/exit-codes.js'
import {pulsarFlags, redisFlags} from '../../cli/flags/common-flags.js'
import {setLowPriority} from '../../cli/low-priority.js'
import {interruptible} from '../../cli/interrupt-signal.js'
import {ownFamilies} from '../../cli/flags/lock-families-flag.js'
import {lockScanFlags, requireSeen, scanSettings} from '../../cli/flags/lock-scan-flags.js'
import {redlockServers} from '../../cli/redlock.js'
import {isLineFormat, LockLines} from '../../cli/render/locks/lock-rows.js'
import {type ListOutput, listOutputFlag} from '../../cli/flags/output-flags.js'
import {renderLocks} from '../../cli/render/locks/locks.js'
import {incompleteNotes, outsideNotes} from '../../cli/render/locks/scan-notes.js'
import {FirstSeenFile} from '../../clients/files/first-seen-file.js'
import {HASHING_SCHEMES, type HashingScheme} from '../../domain/keys/hashing/partition-routing.js'
import {collectLiveConsumers} from '../../domain/locks/consumers/collect-live-consumers.js'
import {type LockScan, scanLocks} from '../../domain/locks/scan/collect-locks.js'
import type {ScanSettings} from '../../domain/locks/scan/collect-server.js'
import {globOf, LockCorrelation} from '../../domain/locks/consumers/lock-correlation.js'
import {familiesWith} from '../../domain/locks/families/builtin.js'
import {isAtOrAbove} from '../../domain/locks/recognition/lock-verdicts.js'
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
    ...lockScanFlags,
    ...listOutputFlag,
    backlog: Flags.integer({
      dependsOn: ['topic'],
      description:
        'also read up to N of the oldest backlog entries, and report locks that block messages and keys without a lock',
      helpGroup: 'SUBSCRIPTION',
      helpValue: 'N',
      min: 1,
    }),
    'first-seen': Flags.string({
      description: 'record in this file when each lock was first seen and when it expires, for the next scan',
      helpValue: 'FILE',
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
    max: Flags.integer({default: 10_000, description: 'list up to N locks; all are counted', helpValue: 'N', min: 1}),
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
    const given = scanSettings(flags, familiesWith(await ownFamilies(this.config.root, flags.families)))
    const lines = isLineFormat(flags.output) ? new LockLines('scan', flags.output) : null
    if (flags['latency-guard'] !== undefined) setLowPriority()
    const firstSeen = flags['first-seen'] === undefined ? undefined : await FirstSeenFile.open(flags['first-seen'])
    const connection = await this.connections.redis()
    const redlock = flags.redlock ?? this.connections.settings.redlock?.value ?? []
    const level = flags['fail-on']
    let findings = 0
    const correlation = await this.correlation(flags)
    const settings: ScanSettings = {
      ...given,
      pattern: flags.pattern ?? (flags['key-pattern'] === undefined ? '*' : globOf(flags['key-pattern'])),
      isAssumed: flags['assume-locks'] ? () => true : correlation && ((key) => correlation.isLockKey(key)),
      earlierSamples: firstSeen,
      signal: AbortSignal.any([this.closeAtEnd(interruptible()).signal, ...(lines ? [lines.readerGone] : [])]),
    }
    const startedAt = new Date()
    const origin = {scannedAt: startedAt.toISOString(), server: connection.address}
    const scan = await scanLocks(connection, settings, {
      startedAt,
      limit: flags.max,
      correlation,
      redlock: await redlockServers(connection, redlock, (url) => this.connections.redisAt(url)),
      onLocks: async (locks) => {
        if (level !== undefined) findings += locks.filter(({verdict}) => isAtOrAbove(verdict, level)).length
        await lines?.add(locks, origin)
      },
      onProgress: ({keys, locks}) => {
        this.progress.liveStatus('scanning', `${counted(locks, 'lock')} in about ${counted(keys, 'key')}`)
      },
    })
    await firstSeen?.save()
    requireSeen(scan, flags, findings)
    this.report(scan, flags)
    if (findings > 0) process.exitCode = exitCode('findings')
    return scan
  }

  /** Prints the table, or warns about everything that a list without notes does not show. */
  private report(scan: LockScan, {max, output}: ReportFlags): void {
    const isTable = (output === 'table' || output === 'wide') && !this.jsonEnabled()
    if (!isTable) {
      for (const gap of incompleteNotes(scan.summary)) this.warn(gap)
      for (const {next, text} of outsideNotes(scan)) this.warn(`${text}; to scan them: ${next}`)
    }
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

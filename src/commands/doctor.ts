import {Args, Flags} from '@oclif/core'
import logUpdate from 'log-update'

import {KeyshiftCommand} from '../cli/base-command.js'
import {defaultDuration, durationFlag} from '../cli/flags/duration.js'
import {DIAGNOSIS_OUTPUTS, leftOutFlags, stuckAfterFlag, watchFlags} from '../cli/flags/diagnosis-flags.js'
import {exitCode} from '../cli/exit-codes.js'
import {pulsarFlags} from '../cli/flags/common-flags.js'
import {interruptible} from '../cli/interrupt-signal.js'
import {ownFamilies} from '../cli/flags/lock-families-flag.js'
import {messageLockFlags, messageLocks} from '../cli/flags/lock-flags.js'
import {repeatedRounds, type Round} from '../cli/poll.js'
import {StdoutWriter} from '../cli/output/stdout-lines.js'
import {changeLine, renderDiagnosis, renderRound} from '../cli/render/doctor/doctor.js'
import {diagnosisJunit} from '../cli/render/doctor/doctor-junit.js'
import {diagnosisMarkdown} from '../cli/render/doctor/doctor-markdown.js'
import {readSnapshot, writeSnapshot} from '../cli/files/snapshot-file.js'
import type {PulsarAdmin} from '../clients/pulsar-admin/admin.js'
import {STUCK_AFTER_MS} from '../domain/progress/thresholds.js'
import {collectDiagnosis, type DiagnosisOptions} from '../domain/doctor/collect-snapshot.js'
import {collectSubjects} from '../domain/doctor/collect-subjects.js'
import type {LocksOptions} from '../domain/doctor/collect-blocking-locks.js'
import {diagnose, type Diagnosis} from '../domain/doctor/diagnose.js'
import {FindingChanges} from '../domain/doctor/finding-changes.js'
import {type IgnoredFindings, parseIgnored} from '../domain/doctor/ignored-findings.js'
import {isAtLeast, SEVERITIES} from '../severity.js'
import type {DiagnosisSnapshot} from '../domain/doctor/facts/diagnosis-snapshot.js'
import {topicMatcher} from '../domain/subscriptions/list/topic-pattern.js'
import {familiesWith} from '../domain/locks/families/builtin.js'
import {Usage} from '../errors.js'
import {counted, durationText} from '../wording.js'

export default class Doctor extends KeyshiftCommand<Diagnosis> {
  static override args = {
    topic: Args.string({
      description:
        'topic (persistent://tenant/namespace/name or a shorter form), tenant/namespace, or a glob (default: the namespace of KEYSHIFT_NAMESPACE or the context, otherwise all topics)',
    }),
    subscription: Args.string({description: 'subscription name (default: all subscriptions of the topic)'}),
  }
  static override description =
    'Takes two samples, a few seconds apart, and changes nothing. Each finding states what is wrong and where, the values ' +
    'that show it, and remedies from the least to the most disruptive, each with its impact on other users of the topic. ' +
    'For a single subscription it also inspects some waiting messages. A snapshot file gives the same findings later, ' +
    'without a broker.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> persistent://public/default/orders decision',
    '<%= config.bin %> <%= command.id %> orders --fail-on error',
    "<%= config.bin %> <%= command.id %> 'persistent://public/default/orders-*'",
    '<%= config.bin %> <%= command.id %> orders decision --snapshot incident.json',
    '<%= config.bin %> <%= command.id %> public/default --watch --interval 1m --ignore known-bugs',
    "<%= config.bin %> <%= command.id %> public/default --exclude 'public/default/*-retry' --output junit > doctor.xml",
    '<%= config.bin %> <%= command.id %> orders decision --output markdown > ticket.md',
    '<%= config.bin %> <%= command.id %> --from incident.json --json | jq .result.findings',
  ]
  static override flags = {
    ...pulsarFlags,
    ...messageLockFlags,
    ...leftOutFlags,
    ...watchFlags,
    'fail-on': Flags.option({
      description: 'exit 10 if any finding is at or above this severity',
      options: SEVERITIES,
    })(),
    from: Flags.string({
      description: 'read a snapshot file instead of the cluster',
      exclusive: ['snapshot'],
      helpValue: 'FILE',
    }),
    messages: Flags.integer({
      default: 200,
      description: 'for a single subscription, inspect up to N waiting messages (0 disables)',
      helpValue: 'N',
      min: 0,
    }),
    output: Flags.option({
      default: 'text',
      description:
        'output format; markdown is for a ticket; junit is for CI, where findings at or above --fail-on (default: error) are failures; json is the same as --json',
      options: DIAGNOSIS_OUTPUTS,
    })(),
    snapshot: Flags.string({description: 'save what was read to this snapshot file', helpValue: 'FILE'}),
    ...stuckAfterFlag(STUCK_AFTER_MS),
    window: durationFlag({
      ...defaultDuration('3s'),
      description: 'time between the two samples',
      helpValue: 'DURATION',
    }),
  }
  static override summary = 'Explain why subscriptions are stuck and suggest the least disruptive fix.'

  /** Whether --watch shows a round: a status line would overwrite it. */
  private isFollowing = false
  private readonly brokers = new Map<string, Promise<PulsarAdmin>>()

  async run(): Promise<Diagnosis> {
    const {args, flags: given} = await this.parse(Doctor)
    const flags = {...given, isExcluded: this.excluded(given.exclude), ignored: (given.ignore ?? []).map(parseIgnored)}
    if (flags.watch) return this.watch(args, flags)
    const snapshot = flags.from === undefined ? await this.collect(args, flags) : await readSnapshot(flags.from)
    if (flags.snapshot !== undefined) await writeSnapshot(flags.snapshot, snapshot)
    const diagnosis = this.diagnosisOf(snapshot, flags)
    for (const warning of warningsOf(diagnosis)) this.warn(warning)
    const level = flags['fail-on']
    if (flags.output === 'markdown') this.printFormatted(diagnosisMarkdown, diagnosis)
    else if (flags.output === 'junit') this.printFormatted(diagnosisJunit, diagnosis, level ?? 'error')
    else this.print(renderDiagnosis, diagnosis, Date.now())
    if (level !== undefined && diagnosis.findings.some(({severity}) => isAtLeast(severity, level))) {
      process.exitCode = exitCode('findings')
    }
    return diagnosis
  }

  private diagnosisOf(snapshot: DiagnosisSnapshot, flags: DiagnosisFlags): Diagnosis {
    const topics = snapshot.topics.filter(({topic}) => !flags.isExcluded(topic))
    return diagnose({...snapshot, topics}, flags['stuck-after'], flags.ignored)
  }

  /** Repeats the diagnosis until Ctrl-C. A round that fails is a warning, because the next one may succeed. */
  private async watch(args: WatchArgs, flags: DiagnosisFlags): Promise<Diagnosis> {
    if (flags.output === 'markdown' || flags.output === 'junit') {
      throw new Usage('E_USAGE', `--watch cannot be combined with --output ${flags.output}`)
    }
    const writer = this.jsonEnabled() || !process.stdout.isTTY ? new StdoutWriter() : null
    const rounds = this.rounds(args, flags, writer?.readerGone)
    const changes = new FindingChanges()
    let last = NOTHING_READ
    for await (const {failure, result: diagnosis} of rounds) {
      last = diagnosis ?? last
      this.progress.stop()
      this.isFollowing = true
      const warnings = failure === null ? warningsOf(last) : [failure]
      if (writer === null) {
        logUpdate(this.page(renderRound, last, warnings, flags.interval ?? INTERVAL_MS))
        continue
      }
      for (const warning of warnings) this.warn(warning)
      if (diagnosis === null) continue
      if (this.jsonEnabled()) await this.printLine(diagnosis, writer)
      else for (const one of changes.next(diagnosis)) await writer.write(`${changeLine(one, diagnosis.asOf)}\n`)
    }
    this.endStream()
    return last
  }

  private async *rounds(
    args: WatchArgs,
    flags: DiagnosisFlags,
    readerGone?: AbortSignal,
  ): AsyncGenerator<Round<Diagnosis>> {
    const {signal: interrupted} = this.closeAtEnd(interruptible())
    const signal = readerGone ? AbortSignal.any([interrupted, readerGone]) : interrupted
    const source = await this.source(args, flags, signal)
    const check = async (): Promise<Diagnosis> => this.diagnosisOf(await this.sample(source), flags)
    yield* repeatedRounds(check, flags.interval ?? INTERVAL_MS, signal)
  }

  private async collect(args: WatchArgs, flags: DiagnosisFlags): Promise<DiagnosisSnapshot> {
    return this.sample(await this.source(args, flags, this.closeAtEnd(interruptible()).signal))
  }

  /** What each sample reads, with the clients that it uses. */
  private async source({subscription, topic}: WatchArgs, flags: DiagnosisFlags, signal: AbortSignal): Promise<Source> {
    const locks = await this.locks(flags, subscription, signal)
    const admin = await this.connections.admin()
    return {
      ...{admin, isExcluded: flags.isExcluded, pattern: this.patternOr(topic), subscription},
      options: {
        windowMs: flags.window,
        stuckAfterMs: flags['stuck-after'],
        sampleEntries: flags.messages,
        locks,
        signal,
      },
    }
  }

  private async sample(source: Source): Promise<DiagnosisSnapshot> {
    const {admin, options} = source
    const {subjects, unseen} = await collectSubjects(admin, {...source, openBroker: (url) => this.broker(url)})
    const what = `${counted(subjects.length, 'topic')} for ${durationText(options.windowMs)}`
    if (!this.isFollowing) this.progress.liveStatus('sampling', what)
    const snapshot = await collectDiagnosis(admin, subjects, options)
    return {...snapshot, failed: [...unseen, ...snapshot.failed]}
  }

  /** @throws Usage E_PATTERN, E_TOPIC_NAME for an invalid --exclude. */
  private excluded(exclude: readonly string[] = []): (topic: string) => boolean {
    const namespace = this.connections.settings.namespace?.value ?? null
    const matchers = exclude.map((text) => topicMatcher(text, namespace))
    return (topic) => matchers.some((matches) => matches(topic))
  }

  /** The client of another broker is kept, because each round of --watch asks the same brokers. */
  private broker(url: string): Promise<PulsarAdmin> {
    const known = this.brokers.get(url) ?? this.connections.adminAt(url)
    this.brokers.set(url, known)
    return known
  }

  private async locks(
    flags: DiagnosisFlags,
    subscription: string | undefined,
    signal: AbortSignal,
  ): Promise<LocksOptions | null> {
    if (flags['key-pattern'] !== undefined && subscription === undefined) {
      throw new Usage(
        'E_SUBSCRIPTION',
        '--key-pattern requires a SUBSCRIPTION argument, because it applies to the messages of one subscription',
      )
    }
    const locks = await messageLocks(
      flags,
      this.connections,
      familiesWith(await ownFamilies(this.config.root, flags.families)),
    )
    if (locks === null) return null
    return {...locks, backlogEntries: LOCKED_ENTRIES, signal}
  }
}

/** Entries of the backlog, from the oldest on, in which messages of locked keys are searched. */
const LOCKED_ENTRIES = 1000

const INTERVAL_MS = 30_000

/** The result of a --watch that is stopped before its first check has ended. */
const NOTHING_READ: Diagnosis = {
  ...{asOf: new Date(0).toISOString(), brokerVersion: 'unknown', complete: false, failed: []},
  ...{subscriptions: 0, checked: [], findings: [], ignoredFindings: 0},
}

type DiagnosisFlags = Parameters<typeof messageLocks>[0] & {
  readonly 'admin-url'?: string | undefined
  readonly ignored: readonly IgnoredFindings[]
  readonly interval?: number | undefined
  readonly isExcluded: (topic: string) => boolean
  readonly messages: number
  readonly output: (typeof DIAGNOSIS_OUTPUTS)[number]
  readonly 'stuck-after': number
  readonly window: number
}

interface WatchArgs {
  readonly subscription?: string | undefined
  readonly topic?: string | undefined
}

interface Source {
  readonly admin: PulsarAdmin
  readonly isExcluded: (topic: string) => boolean
  readonly pattern: string | undefined
  readonly subscription: string | undefined
  readonly options: DiagnosisOptions
}

function warningsOf({failed}: Diagnosis): string[] {
  return failed.map(({cause, topic}) => `cannot read ${topic}: ${cause}`)
}

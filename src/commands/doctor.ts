import {Args, Flags} from '@oclif/core'

import {KeyshiftCommand} from '../cli/base-command.js'
import {defaultDuration, durationFlag} from '../cli/flags/duration.js'
import {stuckAfterFlag} from '../cli/flags/diagnosis-flags.js'
import {exitCode} from '../cli/exit-codes.js'
import {pulsarFlags} from '../cli/flags/common-flags.js'
import {interruptible} from '../cli/interrupt-signal.js'
import {ownFamilies} from '../cli/flags/lock-families-flag.js'
import {messageLockFlags, messageLocks} from '../cli/flags/lock-flags.js'
import {renderDiagnosis} from '../cli/render/doctor.js'
import {readSnapshot, writeSnapshot} from '../cli/files/snapshot-file.js'
import type {PulsarAdmin} from '../clients/pulsar-admin/admin.js'
import {STUCK_AFTER_MS} from '../domain/progress/thresholds.js'
import {collectDiagnosis, type DiagnosisSubject} from '../domain/doctor/collect-snapshot.js'
import type {LocksOptions} from '../domain/doctor/collect-blocking-locks.js'
import {diagnose, type Diagnosis} from '../domain/doctor/diagnose.js'
import {isAtLeast, SEVERITIES} from '../severity.js'
import type {DiagnosisSnapshot} from '../domain/doctor/facts/diagnosis-snapshot.js'
import {EVERY_SUBSCRIPTION, listSubscriptions} from '../domain/subscriptions/list/collect-subscription-list.js'
import {isPattern, parsePattern} from '../domain/subscriptions/list/topic-pattern.js'
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
    '<%= config.bin %> <%= command.id %> --from incident.json --json | jq .result.findings',
  ]
  static override flags = {
    ...pulsarFlags,
    ...messageLockFlags,
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
    snapshot: Flags.string({description: 'save what was read to this snapshot file', helpValue: 'FILE'}),
    ...stuckAfterFlag(STUCK_AFTER_MS),
    window: durationFlag({
      ...defaultDuration('3s'),
      description: 'time between the two samples',
      helpValue: 'DURATION',
    }),
  }
  static override summary = 'Explain why subscriptions are stuck and suggest the least disruptive fix.'

  async run(): Promise<Diagnosis> {
    const {args, flags} = await this.parse(Doctor)
    const snapshot = flags.from === undefined ? await this.collect(args, flags) : await readSnapshot(flags.from)
    if (flags.snapshot !== undefined) await writeSnapshot(flags.snapshot, snapshot)
    const diagnosis = diagnose(snapshot, flags['stuck-after'])
    for (const {cause, topic} of diagnosis.failed) this.warn(`cannot read ${topic}: ${cause}`)
    this.print(renderDiagnosis, diagnosis)
    const level = flags['fail-on']
    if (level !== undefined && diagnosis.findings.some(({severity}) => isAtLeast(severity, level))) {
      process.exitCode = exitCode('findings')
    }
    return diagnosis
  }

  private async collect(
    {subscription, topic}: {subscription?: string | undefined; topic?: string | undefined},
    flags: CollectFlags,
  ): Promise<DiagnosisSnapshot> {
    const signal = this.closeAtEnd(interruptible()).signal
    const locks = await this.locks(flags, subscription, signal)
    const admin = await this.connections.admin()
    const {subjects, unseen} = await this.subjects(admin, this.patternOr(topic), subscription)
    this.progress.liveStatus('sampling', `${counted(subjects.length, 'topic')} for ${durationText(flags.window)}`)
    const options = {windowMs: flags.window, sampleEntries: flags.messages, locks, signal}
    const snapshot = await collectDiagnosis(admin, subjects, options)
    return {...snapshot, failed: [...unseen, ...snapshot.failed]}
  }

  private async subjects(
    admin: PulsarAdmin,
    topic: string | undefined,
    subscription: string | undefined,
  ): Promise<{subjects: DiagnosisSubject[]; unseen: DiagnosisSnapshot['failed']}> {
    if (topic !== undefined && !isPattern(topic)) {
      return {subjects: [{topic, subscription: subscription ?? null}], unseen: []}
    }
    if (subscription !== undefined) {
      throw new Usage(
        'E_PATTERN',
        `${topic ?? 'the pattern'} matches several topics; a SUBSCRIPTION argument requires one topic`,
      )
    }
    const {failedBrokers, subscriptions} = await listSubscriptions(admin, {
      ...EVERY_SUBSCRIPTION,
      pattern: parsePattern(topic),
      isFresh: false,
      openBroker: (url) => this.connections.adminAt(url),
    })
    const names = new Set(subscriptions.map((row) => row.topic))
    return {
      subjects: [...names].map((name) => ({topic: name, subscription: null})),
      unseen: failedBrokers.map(({broker, cause}) => ({topic: `the topics of broker ${broker}`, cause})),
    }
  }

  private async locks(
    flags: CollectFlags,
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

type CollectFlags = Parameters<typeof messageLocks>[0] & {
  readonly 'admin-url'?: string | undefined
  readonly messages: number
  readonly window: number
}

import {Args, Flags} from '@oclif/core'

import {KeyshiftCommand} from '../cli/base-command.js'
import {defaultDuration, durationFlag} from '../cli/flags/duration.js'
import {exitCode} from '../cli/exit-codes.js'
import {pulsarFlags} from '../cli/flags/common-flags.js'
import {interruptible} from '../cli/interrupt-signal.js'
import {ownFamilies} from '../cli/flags/lock-families-flag.js'
import {messageLockFlags, messageLocks} from '../cli/flags/lock-flags.js'
import {renderDiagnosis} from '../cli/render/doctor.js'
import {readSnapshot, writeSnapshot} from '../cli/files/snapshot-file.js'
import type {PulsarAdmin} from '../clients/pulsar-admin/admin.js'
import {collectDiagnosis, type DiagnosisSubject} from '../domain/doctor/collect-snapshot.js'
import type {LocksOptions} from '../domain/doctor/collect-blocking-locks.js'
import {diagnose, type Diagnosis} from '../domain/doctor/diagnose.js'
import {isAtLeast, SEVERITIES} from '../severity.js'
import type {DiagnosisSnapshot} from '../domain/doctor/facts/diagnosis-snapshot.js'
import {EVERY_SUBSCRIPTION, listSubscriptions} from '../domain/subscriptions/list/collect-subscription-list.js'
import {isPattern, parsePattern} from '../domain/subscriptions/list/topic-pattern.js'
import {familiesWith} from '../domain/locks/families/builtin.js'
import {Usage} from '../errors.js'

export default class Doctor extends KeyshiftCommand<Diagnosis> {
  static override args = {
    topic: Args.string({
      description:
        'topic, as persistent://tenant/namespace/name or shorter; or tenant/namespace, or a glob; all when left out',
    }),
    subscription: Args.string({description: 'subscription name; every one of the topic when left out'}),
  }
  static override description =
    'Looks twice, a few seconds apart, and reads only. Each finding names who causes it, shows the fields that say so, and ' +
    'what to do, from the harmless to the harmful, with what that costs other users of the topic. For one subscription a ' +
    'few of its oldest messages are looked at too. A snapshot gives the same findings again, without a broker.'
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
      description: 'exit with 10 when there is a finding as bad as this',
      options: SEVERITIES,
    })(),
    from: Flags.string({
      description: 'take what was looked at from this file',
      exclusive: ['snapshot'],
      helpValue: 'FILE',
    }),
    messages: Flags.integer({
      default: 200,
      description: 'of one subscription, look at so many messages that wait; 0 for none',
      helpValue: 'ENTRIES',
      min: 0,
    }),
    snapshot: Flags.string({description: 'write what was looked at to this file', helpValue: 'FILE'}),
    'stuck-after': durationFlag({
      ...defaultDuration('30s'),
      description: 'a consumer that has acknowledged nothing for so long is stuck',
      helpValue: '30s',
    }),
    window: durationFlag({...defaultDuration('3s'), description: 'between the two looks', helpValue: '3s'}),
  }
  static override summary = 'Say why subscriptions are stuck, and what does least harm.'

  async run(): Promise<Diagnosis> {
    const {args, flags} = await this.parse(Doctor)
    const snapshot = flags.from === undefined ? await this.collect(args, flags) : await readSnapshot(flags.from)
    if (flags.snapshot !== undefined) await writeSnapshot(flags.snapshot, snapshot)
    const diagnosis = diagnose(snapshot, flags['stuck-after'])
    for (const {cause, topic} of diagnosis.failed) this.warn(`${topic} could not be looked at: ${cause}`)
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
    const signal = this.own(interruptible()).signal
    const locks = await this.locks(flags, subscription, signal)
    const admin = await this.connections.admin()
    const {subjects, unseen} = await this.subjects(admin, topic, subscription)
    this.progress.busy('looking', `at ${String(subjects.length)} topics for ${String(flags.window / 1000)} s`)
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
      throw new Usage('E_PATTERN', `${topic ?? ''} is a pattern: a subscription is asked for of one topic`)
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
      unseen: failedBrokers.map(({broker, cause}) => ({topic: `what ${broker} serves`, cause})),
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
        '--key-pattern is about the messages of one subscription: give it after the topic',
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

/** Of the oldest messages, for those that wait behind a lock. */
const LOCKED_ENTRIES = 1000

type CollectFlags = Parameters<typeof messageLocks>[0] & {
  readonly 'admin-url'?: string | undefined
  readonly messages: number
  readonly window: number
}

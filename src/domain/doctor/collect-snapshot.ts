import {setTimeout as delay} from 'node:timers/promises'

import pLimit from 'p-limit'

import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import {AdminRefused} from '../../clients/pulsar-admin/admin-refused.js'
import {Interrupted} from '../../errors.js'
import {parseTopicName} from '../../topic-name.js'
import {collectRestSample} from '../message-sampling/collect-message-sample.js'
import type {SampleCounts} from '../message-sampling/sample-counts.js'
import {brokerFacts} from '../keys/assignment/collect-key-shared.js'
import {
  type CollectedSubscription,
  type CollectedTopic,
  collectTopic,
  collectTopicAgain,
  existingIn,
} from '../topic-stats/collect-topic-stats.js'
import {collectBlockingLocks, type LocksOptions} from './collect-blocking-locks.js'
import {type BrokerReading, collectBroker} from './collect-broker.js'
import {collectCursors} from './collect-cursors.js'
import {brokerLimits, collectTopicLimits} from './collect-limits.js'
import {
  type DiagnosisSnapshot,
  type MessageSample,
  type SampledTopKey,
  samplePartition,
  type TopicSample,
  type TopicSnapshot,
} from './facts/diagnosis-snapshot.js'
import {messageOf} from '../../wording.js'

/** What to diagnose. */
export interface DiagnosisSubject {
  readonly topic: string
  /** null for all subscriptions of the topic */
  readonly subscription: string | null
}

export interface DiagnosisOptions {
  /** between the two samples, in ms */
  readonly windowMs: number
  /** a backlog without progress for longer than this is stalled, so that its cursor is read; in ms */
  readonly stuckAfterMs: number
  /** entries to read of the backlog of a subscription that is given by name; 0 for none */
  readonly sampleEntries: number
  /** how to find the Redis locks of a subscription that is given by name; null to not read Redis */
  readonly locks: LocksOptions | null
  readonly signal: AbortSignal
}

const CONCURRENT_TOPICS = 8
const SAMPLE_SECONDS = 10

/** What both samples read: precise figures, without producers, which a topic may have thousands of. */
export const DIAGNOSIS_QUERY = {getPreciseBacklog: true, getEarliestTimeInBacklog: true, excludePublishers: true}

/**
 * Takes two samples of each topic. Changes nothing.
 *
 * @throws Unreachable if a topic or the subscription does not exist; Interrupted if the signal is aborted.
 */
export async function collectDiagnosis(
  admin: PulsarAdmin,
  subjects: readonly DiagnosisSubject[],
  options: DiagnosisOptions,
): Promise<DiagnosisSnapshot> {
  return orInterrupted(sampleTopics(admin, subjects, options), options.signal)
}

/** Takes the second sample of a subscription whose first one, at `atMs`, and whose broker have been read. */
export async function collectSecondSample(
  admin: PulsarAdmin,
  {
    atMs,
    broker,
    collected,
  }: {readonly atMs: number; readonly broker: BrokerReading; readonly collected: CollectedSubscription},
  {signal, windowMs}: Pick<DiagnosisOptions, 'signal' | 'windowMs'>,
): Promise<DiagnosisSnapshot> {
  const first = {
    ...{again: collected, subscription: collected.subscription, topic: collected.topic.full, messageSamples: {}},
    first: topicSample(collected, collected.subscription, atMs),
  }
  const sampling = async (): Promise<TopicSnapshot> => {
    await delay(Math.max(0, atMs + windowMs - Date.now()), undefined, {signal})
    return secondSample(admin, first, {broker, locks: null})
  }
  const topics = [await orInterrupted(sampling(), signal)]
  return {...headOf(broker, new Date(atMs).toISOString()), topics, failed: []}
}

function orInterrupted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return work.catch((error: unknown) => {
    throw signal.aborted ? new Interrupted('E_INTERRUPTED', 'interrupted while sampling', {cause: error}) : error
  })
}

function headOf(
  {settings, version}: BrokerReading,
  takenAt: string,
): Pick<DiagnosisSnapshot, 'brokerVersion' | 'format' | 'settings' | 'takenAt'> {
  return {
    format: 'keyshift.diagnosis-snapshot/v1',
    takenAt,
    brokerVersion: version,
    settings: brokerLimits(settings, version),
  }
}

async function sampleTopics(
  admin: PulsarAdmin,
  subjects: readonly DiagnosisSubject[],
  options: DiagnosisOptions,
): Promise<DiagnosisSnapshot> {
  const takenAt = new Date().toISOString()
  const limit = pLimit(CONCURRENT_TOPICS)
  const ofEach = <S, T>(rows: readonly S[], ask: (row: S) => Promise<T>): Promise<Array<PromiseSettledResult<T>>> =>
    Promise.allSettled(rows.map((row) => limit(() => ask(row))))
  const [broker, firsts] = await Promise.all([
    collectBroker(admin),
    ofEach(subjects, (subject) => firstSample(admin, subject, options)),
  ])
  const sampled = firsts.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  // The second samples begin when the window of the topic that was sampled last has passed: all topics share one wait.
  const lastAt = Math.max(0, ...sampled.map(({first}) => first.atMs))
  await delay(Math.max(0, lastAt + options.windowMs - Date.now()), undefined, {signal: options.signal})
  const lasts = await ofEach(sampled, (one) =>
    secondSample(admin, one, {broker, locks: options.locks}).then((snapshot) =>
      collectCursors(admin, snapshot, options.stuckAfterMs),
    ),
  )
  const failed = [...failedOf(subjects, firsts), ...failedOf(sampled, lasts)]
  // For a topic given by name the error says what to do. A topic of a pattern may have been deleted since it was listed.
  if (failed[0] && (subjects.length === 1 || options.signal.aborted)) throw failed[0].error
  return {
    ...headOf(broker, takenAt),
    topics: lasts.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : [])),
    failed: failed.map(({error, topic}) => ({topic, cause: messageOf(error)})),
  }
}

function failedOf(
  rows: readonly DiagnosisSubject[],
  outcomes: ReadonlyArray<PromiseSettledResult<unknown>>,
): Array<{readonly topic: string; readonly error: unknown}> {
  return outcomes.flatMap((outcome, at) =>
    outcome.status === 'rejected' ? [{topic: rows[at]?.topic ?? '', error: outcome.reason as unknown}] : [],
  )
}

interface FirstSample extends DiagnosisSubject {
  /** to read the same partitions again; its statistics are not kept, because a pattern can match thousands of topics */
  readonly again: Pick<CollectedTopic, 'partitionCount' | 'topic'>
  readonly first: TopicSample
  readonly messageSamples: TopicSnapshot['messageSamples']
}

async function firstSample(
  admin: PulsarAdmin,
  subject: DiagnosisSubject,
  {sampleEntries}: DiagnosisOptions,
): Promise<FirstSample> {
  const {subscription, topic} = subject
  const read = await collectTopic(admin, parseTopicName(topic), DIAGNOSIS_QUERY)
  const first = topicSample(read, subscription, Date.now())
  const again = {topic: read.topic, partitionCount: read.partitionCount}
  if (subscription === null) return {...subject, again, first, messageSamples: {}}
  const collected = existingIn(read, subscription)
  return {...subject, again, first, messageSamples: await sampleOf(admin, collected, sampleEntries)}
}

async function secondSample(
  admin: PulsarAdmin,
  {again, first, messageSamples, subscription}: FirstSample,
  {broker, locks}: {readonly broker: BrokerReading; readonly locks: LocksOptions | null},
): Promise<TopicSnapshot> {
  const read = await collectTopicAgain(admin, again, DIAGNOSIS_QUERY)
  const own = subscription === null ? null : existingIn(read, subscription)
  const samples = [first, topicSample(read, subscription, Date.now())] as const
  const limits = brokerLimits(broker.settings, broker.version)
  return {
    topic: read.topic.full,
    subscription,
    partitionCount: read.partitionCount,
    policies: await collectTopicLimits(admin, read.topic, samples, {limits, settings: broker.settings}),
    samples,
    messageSamples,
    locks:
      locks && own
        ? {[own.subscription]: await collectBlockingLocks(admin, {collected: own, facts: brokerFacts(broker)}, locks)}
        : {},
  }
}

function topicSample({partitions}: CollectedTopic, subscription: string | null, atMs: number): TopicSample {
  return {atMs, partitions: partitions.map(({partition, stats}) => samplePartition(partition, stats, subscription))}
}

/** An empty text may be any key of characters that HTTP headers cannot carry, so it cannot be the top key. */
function topKeyOf({keys, keysAsShown}: SampleCounts, {partitionCount}: CollectedSubscription): SampledTopKey | null {
  const certain = keys.top(1).map((one) => ({...one, isUncertain: false}))
  const asShown = keysAsShown.top(2).map((one) => ({...one, isUncertain: true}))
  const [top] = [...certain, ...asShown.filter(({value}) => value.text !== '')].toSorted((a, b) => b.count - a.count)
  if (!top) return null
  const {count, isUncertain, value} = top
  return {key: value.text, messages: count, partition: partitionCount === null ? null : value.partition, isUncertain}
}

/** A few messages of the backlog; empty if this login may not read them. */
async function sampleOf(
  admin: PulsarAdmin,
  collected: CollectedSubscription,
  max: number,
): Promise<Record<string, MessageSample>> {
  if (max === 0) return {}
  try {
    const {counts} = await collectRestSample(admin, collected, {
      where: 'spread',
      max,
      timeLimitMs: SAMPLE_SECONDS * 1000,
    })
    return {
      [collected.subscription]: {
        entries: counts.entries,
        messages: counts.messages,
        keylessMessages: counts.keylessMessages,
        mixedBatches: counts.mixedBatches,
        topKey: topKeyOf(counts, collected),
      },
    }
  } catch (error) {
    if (error instanceof AdminRefused) return {}
    throw error
  }
}

import {setTimeout as delay} from 'node:timers/promises'

import pLimit from 'p-limit'

import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import {AdminRefused} from '../../clients/pulsar-admin/admin-refused.js'
import {Interrupted} from '../../errors.js'
import {parseTopicName} from '../../topic-name.js'
import {collectSample} from '../message-sampling/collect-message-sample.js'
import {restOnly} from '../message-sampling/entry-source.js'
import {collectSubscription, collectTopic} from '../topic-stats/collect-topic-stats.js'
import {collectBlockingLocks, type LocksOptions} from './collect-blocking-locks.js'
import {brokerLimits, collectLimitSettings, collectTopicLimits, type LimitSettings} from './collect-limits.js'
import {
  type DiagnosisSnapshot,
  type MessageSample,
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
  /** entries to read of the backlog of a subscription that is given by name; 0 for none */
  readonly sampleEntries: number
  /** how to find the Redis locks of a subscription that is given by name; null to not read Redis */
  readonly locks: LocksOptions | null
  readonly signal: AbortSignal
}

const CONCURRENT_TOPICS = 8
const SAMPLE_SECONDS = 10

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
  return sampleTopics(admin, subjects, options).catch((error: unknown) => {
    throw options.signal.aborted
      ? new Interrupted('E_INTERRUPTED', 'interrupted while sampling', {cause: error})
      : error
  })
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
  const [brokerVersion, settings, firsts] = await Promise.all([
    admin.brokerVersion(),
    collectLimitSettings(admin),
    ofEach(subjects, (subject) => firstSample(admin, subject, options)),
  ])
  const begun = firsts.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  // The second samples begin when the window of the topic that was sampled last has passed: all topics share one wait.
  const lastAt = Math.max(0, ...begun.map(({first}) => first.atMs))
  await delay(Math.max(0, lastAt + options.windowMs - Date.now()), undefined, {signal: options.signal})
  const lasts = await ofEach(begun, (one) => secondSample(admin, one, settings, options))
  const failed = [...failedOf(subjects, firsts), ...failedOf(begun, lasts)]
  // For a topic given by name the error says what to do. A topic of a pattern may have been deleted since it was listed.
  if (failed[0] && (subjects.length === 1 || options.signal.aborted)) throw failed[0].error
  return {
    format: 'keyshift.diagnosis-snapshot/v1',
    takenAt,
    brokerVersion,
    settings: brokerLimits(settings),
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
  readonly first: TopicSample
  readonly messageSamples: TopicSnapshot['messageSamples']
}

async function firstSample(
  admin: PulsarAdmin,
  subject: DiagnosisSubject,
  {sampleEntries}: DiagnosisOptions,
): Promise<FirstSample> {
  const {subscription, topic} = subject
  const {sample: first} = await sampleTopic(admin, subject)
  const messageSamples = subscription === null ? {} : await sampleOf(admin, topic, subscription, sampleEntries)
  return {...subject, first, messageSamples}
}

async function secondSample(
  admin: PulsarAdmin,
  {first, messageSamples, subscription, topic}: FirstSample,
  settings: LimitSettings | null,
  {locks}: DiagnosisOptions,
): Promise<TopicSnapshot> {
  const {sample: last, partitionCount} = await sampleTopic(admin, {topic, subscription})
  const names = new Set(last.partitions.flatMap(({subscriptions}) => Object.keys(subscriptions)))
  return {
    topic: parseTopicName(topic).full,
    partitionCount,
    policies: await collectTopicLimits(admin, parseTopicName(topic), [...names], settings),
    samples: [first, last],
    messageSamples,
    locks:
      locks && subscription !== null
        ? {[subscription]: await collectBlockingLocks(admin, {topic, subscription}, locks)}
        : {},
  }
}

async function sampleTopic(
  admin: PulsarAdmin,
  {subscription, topic}: DiagnosisSubject,
): Promise<{sample: TopicSample; partitionCount: number | null}> {
  const query = {getPreciseBacklog: true, getEarliestTimeInBacklog: true, excludePublishers: true}
  const {partitionCount, partitions} =
    subscription === null
      ? await collectTopic(admin, parseTopicName(topic), query)
      : await collectSubscription(admin, topic, subscription, query)
  return {
    partitionCount,
    sample: {
      atMs: Date.now(),
      partitions: partitions.map(({partition, stats}) => samplePartition(partition, stats, subscription)),
    },
  }
}

/** A few messages of the backlog; empty if this login may not read them. */
async function sampleOf(
  admin: PulsarAdmin,
  topic: string,
  subscription: string,
  max: number,
): Promise<Record<string, MessageSample>> {
  if (max === 0) return {}
  const collected = await collectSubscription(admin, topic, subscription)
  try {
    const {counts} = await collectSample(admin, collected, {
      source: 'rest',
      where: 'spread',
      max,
      seconds: SAMPLE_SECONDS,
      openTransport: restOnly,
      onProgress: () => undefined,
    })
    const [top] = counts.keys.top(1)
    return {
      [subscription]: {
        entries: counts.entries,
        messages: counts.messages,
        keylessMessages: counts.keylessMessages,
        mixedBatches: counts.mixedBatches,
        topKey: top
          ? {
              key: top.value.text,
              messages: top.count,
              partition: collected.partitionCount === null ? null : top.value.partition,
            }
          : null,
      },
    }
  } catch (error) {
    if (error instanceof AdminRefused) return {}
    throw error
  }
}

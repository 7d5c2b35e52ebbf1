import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import type {SubscriptionStats} from '../../clients/pulsar-admin/types.js'
import {Unreachable} from '../../errors.js'
import {collectConsistentStats} from '../keys/assignment/collect-consistent-stats.js'
import type {HashingScheme} from '../keys/hashing/partition-routing.js'
import {brokerFacts} from '../keys/assignment/collect-key-shared.js'
import {collectLiveConsumersOf, type LiveConsumers} from '../locks/consumers/collect-live-consumers.js'
import {collectLockRecord} from '../locks/inspect/collect-lock.js'
import {LockCorrelation} from '../locks/consumers/lock-correlation.js'
import {asSinglePartition, keyConsumersOf, liveConsumersOf} from '../locks/consumers/key-consumers.js'
import type {LockRecord} from '../locks/recognition/lock-record.js'
import {isCertain, possiblePartitions} from '../keys/hashing/detect-routing.js'
import {collectKeyMessages, type KeyMessages} from '../message-sampling/collect-key-messages.js'
import {
  type CollectedSubscription,
  collectPartitionAgain,
  collectSubscription,
  type SubscriptionPartition,
} from '../topic-stats/collect-topic-stats.js'
import {collectBroker} from '../doctor/collect-broker.js'
import {collectCursors} from '../doctor/collect-cursors.js'
import {collectSecondSample, DIAGNOSIS_QUERY} from '../doctor/collect-snapshot.js'
import type {LockPatterns} from '../doctor/collect-blocking-locks.js'
import {diagnose} from '../doctor/diagnose.js'
import {factsOf} from '../doctor/facts/subscription-facts.js'
import type {DoctorFinding} from '../doctor/facts/doctor-finding.js'
import {consumerChangesOf} from './consumer-changes.js'
import type {DiagnosisSnapshot} from '../doctor/facts/diagnosis-snapshot.js'
import type {KeyFacts} from './key-verdict.js'
import {explain, type Explanation} from './explain-key.js'

export interface WhyOptions {
  readonly topic: string
  readonly subscription: string
  readonly key: string
  /** null to detect it from messages */
  readonly hashingScheme: HashingScheme | null
  /** entries of the backlog to read, from the oldest on: of the key's partition, and again of all others if they are searched */
  readonly max: number
  readonly windowMs: number
  readonly stuckAfterMs: number
  /** its pattern names one lock, without `*`; null if no lock is to be read */
  readonly lock: LockPatterns | null
  readonly signal: AbortSignal
}

/**
 * Follows one key from its producer to the consumer that processes it. Reads only. Broker, partitions and statistics are read
 * once for all collectors; the second sample and the last reading of the key's partition are taken on purpose. The owner
 * comes from the last one, because ownership may change while the rest is read.
 *
 * @throws Unreachable if the topic or subscription does not exist; Blocked E_ROUTING, E_SELECTOR_UNKNOWN.
 */
export async function collectWhy(admin: PulsarAdmin, question: WhyOptions): Promise<Explanation> {
  const {hashingScheme, key, lock, max, signal, stuckAfterMs, subscription, topic, windowMs} = question
  const nothing = {backlogEntries: null, onProgress: () => undefined}
  const [first, broker] = await Promise.all([
    collectSubscription(admin, topic, subscription, DIAGNOSIS_QUERY).then((read) => ({read, atMs: Date.now()})),
    collectBroker(admin),
  ])
  const [live, snapshot] = await Promise.all([
    collectConsistentStats(admin, first.read).then((consistent) =>
      collectLiveConsumersOf(admin, {collected: consistent, facts: brokerFacts(broker)}, {hashingScheme, ...nothing}),
    ),
    collectSecondSample(admin, {collected: first.read, atMs: first.atMs, broker}, {windowMs, signal}),
  ])
  const {collected, routing} = live
  const {messages, index, search} = await collectKeySearch(admin, live, {key, max})
  const candidates = index === null ? collected.partitions.map((_, at) => at) : [index]
  const before = live.consumersOf(key, candidates)
  const {partition} = before
  const held = lock && (await inspectedLock(lock, key))
  const diagnosed = await withCursors(admin, snapshot, {partition, stuckAfterMs})
  const [facts] = factsOf(diagnosed, stuckAfterMs)
  const findings = diagnose(diagnosed, stuckAfterMs).findings.filter((finding) => isOf(finding, partition))
  const asOf = new Date().toISOString()
  const newest = index === null ? null : await collectPartitionNow(admin, collected, partition)
  const destination = newest ? keyConsumersOf(asSinglePartition(collected, newest), live.facts)(key, [0]) : before
  const nowMs = Date.now()
  return explain({
    topic: collected.topic.full,
    subscription,
    key,
    type: facts?.type ?? null,
    routing,
    search,
    destination,
    messages,
    lock: lock && held && assessedLock(held, lock, {key, live, destination, newest, messages, nowMs}),
    asksForLocks: lock !== null,
    findings,
    asOf,
    changes: newest
      ? consumerChangesOf(earlierReadings(collected, snapshot, partition), newest.subscription, {
          before,
          now: destination,
        })
      : {joined: [], left: [], ownerBefore: null},
    nowMs,
  })
}

interface KeySearch {
  readonly messages: KeyMessages
  /** the partition whose messages are explained, 0 on a plain topic; null when unknown */
  readonly index: number | null
  readonly search: KeyFacts['search']
}

/**
 * Finds the messages of the key: on the partition of the hashing scheme, and on all others if it has none, because the scheme
 * may be unknown, and messages from before partitions were added are on another one.
 */
async function collectKeySearch(
  admin: PulsarAdmin,
  {collected, routing}: LiveConsumers,
  {key, max}: {readonly key: string; readonly max: number},
): Promise<KeySearch> {
  const [scheme, ...more] = possiblePartitions(key, collected.partitionCount, routing)
  const expected = more.length === 0 ? (scheme ?? null) : null
  const own = expected === null ? null : await collectKeyMessages(admin, collected, {key, partitions: [expected], max})
  const isEnough = own?.oldest && routing.earlierPartitions === null
  if (own && (collected.partitions.length === 1 || isEnough)) {
    return {messages: own, index: expected, search: {expected, isExpectedComplete: own.isComplete, others: null}}
  }
  const indexes = collected.partitions.map(({partition}) => partition ?? 0)
  const others = await collectKeyMessages(admin, collected, {
    ...{key, max},
    partitions: indexes.filter((index) => index !== expected),
  })
  const messages = own ? merged(own, others) : others
  const search = {expected, isExpectedComplete: own?.isComplete === true && isCertain(routing), others}
  return {messages, index: messages.oldest?.partition ?? expected, search}
}

function merged(own: KeyMessages, others: KeyMessages): KeyMessages {
  const [oldest = null] = [own.oldest, others.oldest]
    .filter((one) => one !== null)
    .toSorted((a, b) => (a.publishedAtMs ?? 0) - (b.publishedAtMs ?? 0))
  return {
    entriesRead: own.entriesRead + others.entriesRead,
    entriesUnreadable: own.entriesUnreadable + others.entriesUnreadable,
    entriesUncertain: own.entriesUncertain + others.entriesUncertain,
    backlogEntries: own.backlogEntries + others.backlogEntries,
    isComplete: own.isComplete && others.isComplete,
    messages: own.messages + others.messages,
    partitions: [...own.partitions, ...others.partitions].toSorted((a, b) => a - b),
    oldest,
  }
}

/** With the cursor of the key's partition, if its backlog does not move. */
async function withCursors(
  admin: PulsarAdmin,
  snapshot: DiagnosisSnapshot,
  {partition, stuckAfterMs}: {readonly partition: number | null; readonly stuckAfterMs: number},
): Promise<DiagnosisSnapshot> {
  const isOfKey = (at: number | null): boolean => at === partition
  const topics = await Promise.all(snapshot.topics.map((one) => collectCursors(admin, one, stuckAfterMs, isOfKey)))
  return {...snapshot, topics}
}

/** Reads the key's partition again, at a moment when each slot has an owner, if such a moment comes. */
async function collectPartitionNow(
  admin: PulsarAdmin,
  collected: CollectedSubscription,
  partition: number | null,
): Promise<SubscriptionPartition> {
  const read = await collectPartitionAgain(admin, collected, partition, {excludePublishers: true})
  const {partitions} = await collectConsistentStats(admin, asSinglePartition(collected, read))
  return partitions[0] ?? read
}

/** @returns the key's lock; null if it is not locked. */
async function inspectedLock(
  {connection, families, keyPattern}: LockPatterns,
  key: string,
): Promise<LockRecord | null> {
  const name = keyPattern.replace('{key}', () => key)
  try {
    return await collectLockRecord(connection, name, {families, maxTtlMs: Infinity, maxHoldMs: Infinity})
  } catch (error) {
    if (error instanceof Unreachable && error.code === 'E_NO_LOCK') return null
    throw error
  }
}

interface LockFacts extends Pick<KeyFacts, 'destination' | 'key' | 'messages' | 'nowMs'> {
  readonly live: LiveConsumers
  /** the last reading of the key's partition; null when it is unknown */
  readonly newest: SubscriptionPartition | null
}

/** The lock, with its relation to the consumers. */
function assessedLock(
  lock: LockRecord,
  {holderPattern, keyPattern}: LockPatterns,
  {destination, key, live, messages, newest, nowMs}: LockFacts,
): LockRecord {
  const partitions = live.collected.partitions.map((row) => (row.partition === newest?.partition ? newest : row))
  const correlation = new LockCorrelation({
    ...{about: live.about, keyPattern, holderPattern},
    // Includes consumers that joined since the first reading, because they may hold the lock.
    consumers: liveConsumersOf({partitions}),
    destinationOf: () => destination,
    waiting: {
      keys: new Map([[key, {...messages, oldestMs: messages.oldest?.publishedAtMs ?? null}]]),
      entries: messages.entriesRead,
      isComplete: messages.isComplete,
    },
  })
  return correlation.assess(lock, nowMs)
}

/** Excludes findings that name only other partitions: they do not explain this key. */
function isOf({subject}: DoctorFinding, partition: number | null): boolean {
  return partition === null || subject.partitions.length === 0 || subject.partitions.includes(partition)
}

/** All readings of the key's partition before the last one. */
function earlierReadings(
  {partitions, subscription}: CollectedSubscription,
  {topics}: DiagnosisSnapshot,
  partition: number | null,
): SubscriptionStats[] {
  const samples = (topics[0]?.samples ?? []).flatMap((sample) => sample.partitions)
  return [
    ...partitions.filter((row) => row.partition === partition).map((row) => row.subscription),
    ...samples
      .filter((row) => row.partition === partition)
      .flatMap(({subscriptions}) => subscriptions[subscription] ?? []),
  ]
}

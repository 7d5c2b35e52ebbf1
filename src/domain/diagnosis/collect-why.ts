import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import {Unreachable} from '../../errors.js'
import type {HashingScheme} from '../keyshared/routing.js'
import {collectLiveConsumers} from '../locks/collect-consumers.js'
import {inspectLock} from '../locks/collect-inspect.js'
import {LockCorrelation} from '../locks/correlation.js'
import type {LockRecord} from '../locks/record.js'
import {collectKeyMessages, type KeyMessages} from '../sample/collect-key.js'
import {collectDiagnosis} from './collect.js'
import type {LockQuestion} from './collect-locks.js'
import {diagnose} from './diagnose.js'
import {factsOf} from './facts.js'
import type {DoctorFinding} from './finding.js'
import type {DiagnosisSnapshot} from './snapshot.js'
import {explain, type Explanation} from './why.js'

export interface WhyQuestion {
  readonly topic: string
  readonly subscription: string
  readonly key: string
  /** null to tell it from messages */
  readonly hashingScheme: HashingScheme | null
  /** entries of the partition's backlog to read */
  readonly max: number
  readonly windowMs: number
  readonly stuckAfterMs: number
  /** its pattern stands for one lock: it has no `*`; null where locks are not asked for */
  readonly lock: LockQuestion | null
  readonly signal: AbortSignal
}

/**
 * Follows one key from its producer to whoever handles it. Reads only.
 *
 * @throws Unreachable when topic or subscription are not there; Blocked E_ROUTING, E_SELECTOR_UNKNOWN.
 */
export async function collectWhy(admin: PulsarAdmin, question: WhyQuestion): Promise<Explanation> {
  const {hashingScheme, key, lock, max, signal, stuckAfterMs, subscription, topic, windowMs} = question
  const nothing = {backlogEntries: null, onProgress: () => undefined}
  const [live, snapshot] = await Promise.all([
    collectLiveConsumers(admin, {topic, subscription, hashingScheme, ...nothing}),
    collectDiagnosis(admin, [{topic, subscription}], {windowMs, sampleEntries: 0, locks: null, signal}),
  ])
  const {collected} = live
  const home = live.homeOf(key)
  const messages = await collectKeyMessages(admin, collected, {key, partition: home.partition, max})
  const nowMs = Date.now()
  const [facts] = factsOf(snapshot, stuckAfterMs)
  return explain({
    topic: collected.topic.full,
    subscription,
    key,
    type: facts?.type ?? null,
    routing: live.routing,
    home,
    messages,
    lock: lock && (await lockOf(lock, {key, live, messages, nowMs})),
    asksForLocks: lock !== null,
    findings: diagnose(snapshot, stuckAfterMs).findings.filter((finding) => isOf(finding, home.partition)),
    isChanging: hasChanged(snapshot, home.partition),
    nowMs,
  })
}

interface LockFacts {
  readonly key: string
  readonly live: Awaited<ReturnType<typeof collectLiveConsumers>>
  readonly messages: KeyMessages
  readonly nowMs: number
}

/** @returns the key's lock, compared with the consumers; null where there is none. */
async function lockOf(
  {connection, families, holderPattern, keyPattern}: LockQuestion,
  {key, live, messages, nowMs}: LockFacts,
): Promise<LockRecord | null> {
  const name = keyPattern.replace('{key}', () => key)
  const waiting = {
    keys: new Map([[key, {messages: messages.messages, oldestMs: messages.oldest?.publishedAtMs ?? null}]]),
    entries: messages.entriesRead,
    isWhole: messages.isWhole,
  }
  const correlation = new LockCorrelation({...live, keyPattern, holderPattern, waiting})
  try {
    const {lock} = await inspectLock(connection, name, {families, maxTtlMs: Infinity, maxHoldMs: Infinity})
    return correlation.judge(lock, nowMs)
  } catch (error) {
    if (error instanceof Unreachable && error.code === 'E_NO_LOCK') return null
    throw error
  }
}

/** Findings that name other partitions explain nothing here. */
function isOf({subject}: DoctorFinding, partition: number | null): boolean {
  return partition === null || subject.partitions.length === 0 || subject.partitions.includes(partition)
}

/** Whether somebody came or went between the looks. */
function hasChanged({topics}: DiagnosisSnapshot, partition: number | null): boolean {
  const [first, last] = (topics[0]?.looks ?? []).map(({partitions}) => {
    const row = partitions.find((one) => one.partition === partition)
    const consumers = Object.values(row?.subscriptions ?? {}).flatMap((stats) => stats.consumers ?? [])
    return consumers
      .map(({address, connectedSince, consumerName}) => JSON.stringify([consumerName, address, connectedSince]))
      .toSorted()
  })
  return JSON.stringify(first) !== JSON.stringify(last)
}

import {setTimeout as delay} from 'node:timers/promises'

import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import {
  type CollectedSubscription,
  collectExisting,
  collectPresent,
  collectSubscription,
} from '../topic-stats/collect-topic-stats.js'
import {collectInternalStats} from '../topic-stats/collect-internal-stats.js'
import {cursorOf} from '../topic-stats/cursor.js'
import {collectOldest} from '../message-sampling/collect-oldest-messages.js'
import type {AckedEntries, BacklogSample} from './backlog-report.js'

/** Takes `samples` readings, spread evenly over `windowMs`. */
export interface SamplingOptions {
  readonly windowMs: number
  readonly samples: number
}

/** Of a topic with more partitions, the cursors are not read every second. */
const CURSORS_FOLLOWED = 16

interface BacklogName {
  readonly topic: string
  readonly subscription: string
}

/**
 * Samples a subscription several times over a short window. Rates are computed from live counters, because the broker renews
 * its own rates only once a minute. The last sample also reads the oldest messages.
 *
 * @throws Unreachable when the statistics of the first sample are incomplete. Later samples may lack partitions, and the
 *   subscription may exist on a part of them.
 */
export async function sampleBacklog(
  admin: PulsarAdmin,
  name: BacklogName,
  options: SamplingOptions,
): Promise<BacklogSample[]> {
  const samples: BacklogSample[] = []
  const startedAt = performance.now()
  for (let taken = 0; taken < options.samples; taken++) {
    // Samples are taken at fixed times, so that slow answers do not make the window longer.
    const dueAt = startedAt + (options.windowMs * taken) / (options.samples - 1)
    if (taken > 0) await delay(Math.max(0, dueAt - performance.now()))
    const isEnd = taken === 0 || taken === options.samples - 1
    const collect = taken === 0 ? collectExisting : collectPresent
    samples.push(await sampleOnce(admin, name, {collect, hasCursors: () => isEnd}))
  }
  const last = samples.pop()
  return last ? [...samples, {...last, oldest: await collectOldest(admin, last.collected)}] : []
}

/**
 * Samples a subscription repeatedly and yields the latest samples each time, from the second sample on.
 *
 * @param samples maximum number of samples to yield at a time.
 * @throws Unreachable when the subscription does not exist on every partition: without the others, "drained" would be wrong.
 */
export async function* followBacklog(
  admin: PulsarAdmin,
  name: BacklogName,
  {everyMs, samples, signal}: {readonly everyMs: number; readonly samples: number; readonly signal: AbortSignal},
): AsyncGenerator<BacklogSample[]> {
  let last: BacklogSample[] = []
  for (;;) {
    const hasCursors = (partitions: number): boolean => partitions <= CURSORS_FOLLOWED
    const collect = last.length === 0 ? collectSubscription : collectPresent
    last = [...last, await sampleOnce(admin, name, {collect, hasCursors})].slice(-samples)
    if (last.length > 1) yield last
    if (signal.aborted) return
    await delay(everyMs, undefined, {signal}).catch(() => undefined) // when aborted, one last sample is taken
  }
}

async function sampleOnce(
  admin: PulsarAdmin,
  {subscription, topic}: BacklogName,
  {
    collect,
    hasCursors,
  }: {readonly collect: typeof collectSubscription; readonly hasCursors: (partitions: number) => boolean},
): Promise<BacklogSample> {
  const query = {getPreciseBacklog: true, getEarliestTimeInBacklog: true, excludePublishers: true}
  const collected = await collect(admin, topic, subscription, query)
  const sample = {atMs: Date.now(), collected}
  return hasCursors(collected.partitions.length) ? {...sample, acked: await collectAcked(admin, collected)} : sample
}

/**
 * The acknowledged entries, which only the cursor counts exactly: the statistics of a topic count messages, and a batch is one
 * entry. One request for each partition; empty without the permission to read cursors.
 */
async function collectAcked(
  admin: PulsarAdmin,
  {partitions, subscription}: CollectedSubscription,
): Promise<AckedEntries> {
  const counts = await collectInternalStats(
    admin,
    partitions,
    (stats) => cursorOf(stats, subscription)?.messagesConsumedCounter,
  )
  return new Map(
    [...counts].flatMap(([partition, acked]) => (acked === undefined ? [] : [[partition, acked] as const])),
  )
}

import {setTimeout as delay} from 'node:timers/promises'

import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import {parseTopicName} from '../../topic-name.js'
import {collectPresent, collectSubscription} from '../topic-stats/collect-topic-stats.js'
import {collectOldest} from '../message-sampling/collect-oldest-messages.js'
import type {BacklogSample} from './backlog-report.js'

/** Takes `samples` readings, spread evenly over `windowMs`. */
export interface SamplingOptions {
  readonly windowMs: number
  readonly samples: number
}

interface BacklogName {
  readonly topic: string
  readonly subscription: string
}

/**
 * Samples a subscription several times over a short window. Rates are computed from live counters, because the broker renews
 * its own rates only once a minute. The last sample also reads the oldest messages.
 *
 * @throws Unreachable when the first sample is incomplete. Later samples may lack partitions.
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
    samples.push(await sampleOnce(admin, name, taken === 0))
  }
  const last = samples.pop()
  return last ? [...samples, {...last, oldest: await collectOldest(admin, last.collected)}] : []
}

/**
 * Samples a subscription repeatedly and yields the latest samples each time, from the second sample on.
 *
 * @param samples maximum number of samples to yield at a time.
 */
export async function* followBacklog(
  admin: PulsarAdmin,
  name: BacklogName,
  {everyMs, samples, signal}: {readonly everyMs: number; readonly samples: number; readonly signal: AbortSignal},
): AsyncGenerator<BacklogSample[]> {
  let last: BacklogSample[] = []
  for (;;) {
    last = [...last, await sampleOnce(admin, name, last.length === 0)].slice(-samples)
    if (last.length > 1) yield last
    if (signal.aborted) return
    await delay(everyMs, undefined, {signal}).catch(() => undefined) // when aborted, one last sample is taken
  }
}

async function sampleOnce(
  admin: PulsarAdmin,
  {subscription, topic}: BacklogName,
  isFirst: boolean,
): Promise<BacklogSample> {
  const query = {getPreciseBacklog: true, getEarliestTimeInBacklog: true, excludePublishers: true}
  const collected = isFirst
    ? await collectSubscription(admin, topic, subscription, query)
    : await collectPresent(admin, parseTopicName(topic), subscription, query)
  return {atMs: Date.now(), collected}
}

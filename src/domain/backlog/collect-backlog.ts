import {setTimeout as delay} from 'node:timers/promises'

import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import {parseTopicName} from '../../topic-name.js'
import {collectPresent, collectSubscription} from '../topic-stats/collect-topic-stats.js'
import {collectOldest} from '../message-sampling/collect-oldest-messages.js'
import type {BacklogSample} from './backlog-report.js'

/** How a look at a backlog is made: `samples` readings, spread over `windowMs`. */
export interface SamplingOptions {
  readonly windowMs: number
  readonly samples: number
}

/** Of which backlog. */
interface Which {
  readonly topic: string
  readonly subscription: string
}

/**
 * Reads a subscription several times over a short window. Rates then come from live counters, not from the broker's own
 * rates, which it renews once a minute. The last time the oldest messages are looked at too.
 *
 * @throws Unreachable when the first look is not whole; from later ones partitions may be missing.
 */
export async function sampleBacklog(
  admin: PulsarAdmin,
  which: Which,
  options: SamplingOptions,
): Promise<BacklogSample[]> {
  const samples: BacklogSample[] = []
  const startedAt = performance.now()
  for (let taken = 0; taken < options.samples; taken++) {
    // By the clock, not one after the other: the window is as long as it says.
    const dueAt = startedAt + (options.windowMs * taken) / (options.samples - 1)
    if (taken > 0) await delay(Math.max(0, dueAt - performance.now()))
    samples.push(await sampleOnce(admin, which, taken === 0))
  }
  const last = samples.pop()
  return last ? [...samples, {...last, oldest: await collectOldest(admin, last.collected)}] : []
}

/**
 * Reads a subscription again and again, and gives the last readings each time, from the second on.
 *
 * @param samples how many readings there are at most.
 */
export async function* followBacklog(
  admin: PulsarAdmin,
  which: Which,
  {everyMs, samples, signal}: {readonly everyMs: number; readonly samples: number; readonly signal: AbortSignal},
): AsyncGenerator<BacklogSample[]> {
  let last: BacklogSample[] = []
  for (;;) {
    last = [...last, await sampleOnce(admin, which, last.length === 0)].slice(-samples)
    if (last.length > 1) yield last
    if (signal.aborted) return
    await delay(everyMs, undefined, {signal}).catch(() => undefined) // looked at once more, or ended above
  }
}

async function sampleOnce(admin: PulsarAdmin, {subscription, topic}: Which, isFirst: boolean): Promise<BacklogSample> {
  const query = {getPreciseBacklog: true, getEarliestTimeInBacklog: true, excludePublishers: true}
  const collected = isFirst
    ? await collectSubscription(admin, topic, subscription, query)
    : await collectPresent(admin, parseTopicName(topic), subscription, query)
  return {atMs: Date.now(), collected}
}

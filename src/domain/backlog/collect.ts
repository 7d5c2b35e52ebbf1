import {setTimeout as delay} from 'node:timers/promises'

import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import {collectSubscription} from '../subscriptions/collect.js'
import {collectOldest} from './collect-oldest.js'
import type {BacklogSample} from './report.js'

/** How a look at a backlog is made: `samples` readings, spread over `windowMs`. */
export interface SamplingOptions {
  readonly windowMs: number
  readonly samples: number
}

/**
 * Reads a subscription several times over a short window. Rates then come from live counters, not from the broker's own
 * rates, which it renews once a minute. The last time the oldest messages are looked at too.
 */
export async function sampleBacklog(
  admin: PulsarAdmin,
  topic: string,
  subscription: string,
  options: SamplingOptions,
): Promise<BacklogSample[]> {
  const samples: BacklogSample[] = []
  for (let taken = 0; taken < options.samples; taken++) {
    if (taken > 0) await delay(options.windowMs / (options.samples - 1))
    samples.push(await sampleOnce(admin, topic, subscription))
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
  {subscription, topic}: {readonly topic: string; readonly subscription: string},
  {everyMs, samples, signal}: {readonly everyMs: number; readonly samples: number; readonly signal: AbortSignal},
): AsyncGenerator<BacklogSample[]> {
  let last: BacklogSample[] = []
  for (;;) {
    last = [...last, await sampleOnce(admin, topic, subscription)].slice(-samples)
    if (last.length > 1) yield last
    if (signal.aborted) return
    await delay(everyMs, undefined, {signal}).catch(() => undefined) // looked at once more, or ended above
  }
}

async function sampleOnce(admin: PulsarAdmin, topic: string, subscription: string): Promise<BacklogSample> {
  const collected = await collectSubscription(admin, topic, subscription, {
    getPreciseBacklog: true,
    getEarliestTimeInBacklog: true,
    excludePublishers: true,
  })
  return {atMs: Date.now(), collected}
}

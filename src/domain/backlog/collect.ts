import {setTimeout as delay} from 'node:timers/promises'

import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import {collectSubscription} from '../subscriptions/collect.js'
import type {BacklogSample} from './report.js'

/** How a look at a backlog is made: `samples` readings, spread over `windowMs`. */
export interface SamplingOptions {
  readonly windowMs: number
  readonly samples: number
}

/**
 * Reads a subscription several times over a short window. Rates then come from live counters, not from the broker's own
 * rates, which it renews once a minute.
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
    const collected = await collectSubscription(admin, topic, subscription, {
      getPreciseBacklog: true,
      getEarliestTimeInBacklog: true,
      excludePublishers: true,
    })
    samples.push({atMs: Date.now(), collected})
  }
  return samples
}

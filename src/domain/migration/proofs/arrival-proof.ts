import type {SubscriptionStats} from '../../../clients/pulsar-admin/types.js'

interface ConsumersOfPartition {
  readonly stats: Pick<SubscriptionStats, 'consumers'> | null
}

/**
 * A consumer that joins after delivery has resumed may receive messages that another consumer already has. So the step
 * waits until no consumer has connected for 2 s. It does not wait for a consumer whose subscribe failed on one partition;
 * the client retries that only after about 30 s.
 */
const NO_NEW_CONSUMER_MS = 2000

/** Proves that the consumers have connected: each partition has the expected number, or some and no new ones connect. */
export class ArrivalProof {
  private readonly expected: number
  private last: {readonly count: number; readonly sinceMs: number} | null = null

  constructor(expected: number) {
    this.expected = expected
  }

  /** @returns the smallest number of consumers on a partition, and whether all have arrived. */
  observe(samples: readonly ConsumersOfPartition[], nowMs: number): {least: number; hasArrived: boolean} {
    const counts = samples.map(({stats}) => (stats?.consumers ?? []).length)
    const least = Math.min(...counts)
    const count = counts.reduce((sum, one) => sum + one, 0)
    if (this.last?.count !== count) this.last = {count, sinceMs: nowMs}
    const isAll = least >= Math.max(1, this.expected)
    return {least, hasArrived: isAll || (least > 0 && nowMs - this.last.sinceMs >= NO_NEW_CONSUMER_MS)}
  }
}

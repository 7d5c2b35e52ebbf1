import type {SubscriptionStats} from '../../../clients/pulsar-admin/types.js'

interface ConsumersOfPartition {
  readonly stats: Pick<SubscriptionStats, 'consumers'> | null
}

/**
 * Who comes later joins under load, and may get messages that another got: a busy client is waited for. But not one whose
 * subscribe failed on one partition, and is tried again in half a minute.
 */
const NO_NEW_CONSUMER_MS = 2000

/** Watches a fleet come in: it is there when every partition has all of it, or some of it and nobody new comes. */
export class ArrivalProof {
  private readonly expected: number
  private last: {readonly count: number; readonly sinceMs: number} | null = null

  constructor(expected: number) {
    this.expected = expected
  }

  /** @returns the fewest consumers of a partition, and whether that is the fleet. */
  observe(samples: readonly ConsumersOfPartition[], nowMs: number): {least: number; hasArrived: boolean} {
    const counts = samples.map(({stats}) => (stats?.consumers ?? []).length)
    const least = Math.min(...counts)
    const count = counts.reduce((sum, one) => sum + one, 0)
    if (this.last?.count !== count) this.last = {count, sinceMs: nowMs}
    const isAll = least >= Math.max(1, this.expected)
    return {least, hasArrived: isAll || (least > 0 && nowMs - this.last.sinceMs >= NO_NEW_CONSUMER_MS)}
  }
}

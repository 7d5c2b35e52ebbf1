import type {ConsumerStats, SubscriptionStats} from '../../clients/pulsar-admin/types.js'
import {rise} from './counters.js'
import {clientNameOf, consumerId} from '../topic-stats/consumers.js'
import {timeOf} from '../topic-stats/times.js'

/**
 * `acking`: acknowledged something in the window. `stopped`: had messages all the time and acknowledged none. `no-permits`:
 * has none, and asked for none. `working`: got messages in the window, and has acknowledged none yet. `idle`: none of these.
 */
export type ConsumerVerdict = 'acking' | 'idle' | 'no-permits' | 'not-acking' | 'receiving'

/** What one consumer did on one partition in the window. */
export interface ConsumerProgress {
  name: string | null
  address: string | null
  /** messages; null where its counter went back, or it came in the window */
  deliveredMessages: number | null
  /**
   * messages that it acknowledged or gave back: what was delivered, less what it has more than before; null on Failover and
   * Exclusive, where the broker does not count what is unacknowledged
   */
  ackedOrReturnedMessages: number | null
  /** messages */
  unackedMessages: number | null
  availablePermits: number | null
  /** messages acknowledged: the broker's own average over its last minute */
  ackRatePerSecond: number | null
  /** null when it has acknowledged nothing since the topic was loaded */
  lastAckedAt: string | null
  /** null where it was seen too seldom, or the broker does not tell */
  verdict: ConsumerVerdict | null
}

/** As for a partition: fewer looks than this tell nothing. */
const LEAST_SAMPLES = 4

/**
 * Those that were there at the last look, by name.
 *
 * @param looks one subscription on one partition, in order; those that are there.
 */
export function consumersOf(samples: readonly SubscriptionStats[]): ConsumerProgress[] {
  return (samples.at(-1)?.consumers ?? [])
    .map((last) => progressOf(last, samplesOfConsumers(last, samples)))
    .toSorted((a, b) => `${a.name ?? ''} ${a.address ?? ''}`.localeCompare(`${b.name ?? ''} ${b.address ?? ''}`))
}

/** A consumer at one look. */
interface ConsumerSample {
  readonly consumer: ConsumerStats
  /** entries that wait on its partition */
  readonly backlogEntries: number
  /** whether the broker counts what a consumer has not acknowledged */
  readonly countsUnacked: boolean
}

function samplesOfConsumers(last: ConsumerStats, samples: readonly SubscriptionStats[]): ConsumerSample[] {
  return samples.flatMap(({consumers, msgBacklog, type}) => {
    const consumer = (consumers ?? []).find((one) => consumerId(one) === consumerId(last))
    return consumer
      ? [{consumer, backlogEntries: msgBacklog ?? 0, countsUnacked: type === 'Shared' || type === 'Key_Shared'}]
      : []
  })
}

function progressOf(last: ConsumerStats, samples: readonly ConsumerSample[]): ConsumerProgress {
  const first = samples.length > 1 ? (samples[0]?.consumer ?? null) : null
  const delivered = rise(first?.msgOutCounter, last.msgOutCounter)
  const kept =
    first?.unackedMessages === undefined || last.unackedMessages === undefined
      ? null
      : last.unackedMessages - first.unackedMessages
  const isCounted = samples.every(({countsUnacked}) => countsUnacked)
  return {
    ...clientNameOf(last),
    deliveredMessages: delivered,
    ackedOrReturnedMessages: delivered === null || kept === null || !isCounted ? null : Math.max(0, delivered - kept),
    unackedMessages: isCounted ? (last.unackedMessages ?? null) : null,
    availablePermits: last.availablePermits ?? null,
    ackRatePerSecond: last.messageAckRate ?? null,
    lastAckedAt: timeOf(last.lastAckedTimestamp),
    verdict: verdictOf(samples, delivered),
  }
}

function verdictOf(samples: readonly ConsumerSample[], delivered: number | null): ConsumerVerdict | null {
  const acked = samples.map(({consumer}) => consumer.lastAckedTimestamp)
  if (samples.length < LEAST_SAMPLES || acked.includes(undefined)) return null
  if (Number(acked.at(-1)) > Number(acked[0])) return 'acking'
  if (samples.every(hasMessages)) return 'not-acking'
  if ((delivered ?? 0) > 0 || samples.some(hasMessages)) return 'receiving'
  return samples.every(({consumer}) => (consumer.availablePermits ?? 1) <= 0) ? 'no-permits' : 'idle'
}

/** Where the broker does not count: something waits, and it was given messages after it last acknowledged one. */
function hasMessages({backlogEntries, consumer, countsUnacked}: ConsumerSample): boolean {
  if (countsUnacked) return (consumer.unackedMessages ?? 0) > 0
  return backlogEntries > 0 && (consumer.lastConsumedTimestamp ?? 0) > (consumer.lastAckedTimestamp ?? 0)
}

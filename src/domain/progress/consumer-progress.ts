import type {ConsumerStats, SubscriptionStats} from '../../clients/pulsar-admin/types.js'
import {rise} from './counters.js'
import {countsUnacked} from '../topic-stats/unacked-messages.js'
import {clientNameOf, consumerId} from '../topic-stats/consumers.js'
import {timeOf} from '../topic-stats/times.js'

/**
 * `acking`: it acknowledged something between the samples. `not-acking`: it had messages in every sample and acknowledged
 * none. `receiving`: it received messages and has acknowledged none yet. `no-permits`: it has no messages and requested
 * none. `idle`: none of these.
 */
export type ConsumerVerdict = 'acking' | 'idle' | 'no-permits' | 'not-acking' | 'receiving'

/** What one consumer did on one partition between the first and the last sample. */
export interface ConsumerProgress {
  name: string | null
  address: string | null
  /** messages; null if its counter restarted, or it connected after the first sample */
  deliveredMessages: number | null
  /**
   * messages that it acknowledged or negatively acknowledged: those delivered, minus the rise of its unacked messages; null
   * on Failover and Exclusive, where the broker does not count unacked messages
   */
  ackedOrReturnedMessages: number | null
  /** messages */
  unackedMessages: number | null
  availablePermits: number | null
  /** acknowledged messages, as the broker's average over its last minute */
  ackRatePerSecond: number | null
  /** null if it has acknowledged nothing since it connected, and when unknown */
  lastAckedAt: string | null
  /** whether it has acknowledged anything since it connected; null if the broker does not report it */
  hasAcked: boolean | null
  /** null with too few samples, or if the broker does not report acknowledgement times */
  verdict: ConsumerVerdict | null
}

/** With fewer samples a consumer gets no verdict, as a partition does not. */
const LEAST_SAMPLES = 4

/**
 * The consumers in the last sample, sorted by name.
 *
 * @param samples one subscription on one partition, in order.
 */
export function consumersOf(samples: readonly SubscriptionStats[]): ConsumerProgress[] {
  return (samples.at(-1)?.consumers ?? [])
    .map((last) => progressOf(last, samplesOfConsumers(last, samples)))
    .toSorted((a, b) => `${a.name ?? ''} ${a.address ?? ''}`.localeCompare(`${b.name ?? ''} ${b.address ?? ''}`))
}

/** A consumer in one sample. */
interface ConsumerSample {
  readonly consumer: ConsumerStats
  /** of its partition */
  readonly backlogEntries: number
  /** whether the broker counts the unacked messages of a consumer of this type */
  readonly countsUnacked: boolean
}

function samplesOfConsumers(last: ConsumerStats, samples: readonly SubscriptionStats[]): ConsumerSample[] {
  return samples.flatMap(({consumers, msgBacklog, type}) => {
    const consumer = (consumers ?? []).find((one) => consumerId(one) === consumerId(last))
    return consumer ? [{consumer, backlogEntries: msgBacklog ?? 0, countsUnacked: countsUnacked({type})}] : []
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
    hasAcked: last.lastAckedTimestamp === undefined ? null : last.lastAckedTimestamp > 0,
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

/** Without the broker's count: there is a backlog, and the consumer's last delivery is newer than its last acknowledgement. */
function hasMessages({backlogEntries, consumer, countsUnacked}: ConsumerSample): boolean {
  if (countsUnacked) return (consumer.unackedMessages ?? 0) > 0
  return backlogEntries > 0 && (consumer.lastConsumedTimestamp ?? 0) > (consumer.lastAckedTimestamp ?? 0)
}

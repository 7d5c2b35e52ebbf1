import type {ConsumerStats, SubscriptionStats} from '../../../clients/pulsar-admin/types.js'
import type {PartitionProgress} from '../../progress/partition-progress.js'
import type {CursorSample} from './diagnosis-snapshot.js'

/** One subscription on one partition, in two samples. */
export interface PartitionFacts {
  /** null on a topic without partitions */
  readonly partition: number | null
  readonly before: SubscriptionStats
  readonly now: SubscriptionStats
  readonly consumers: readonly ConsumerFacts[]
  /** messages published between the samples; null if the counter restarted */
  readonly published: number | null
  /** messages delivered between the samples, including redeliveries; null if the counter restarted */
  readonly delivered: number | null
  /** messages delivered again between the samples; null if there were few, or if it is unknown */
  readonly redelivered: number | null
  readonly progress: PartitionProgress
  /** null if it was not read */
  readonly cursor: CursorSample | null
  readonly ongoingTransactions: number | null
}

/** A consumer that both samples contain. */
export interface ConsumerFacts {
  readonly partition: number | null
  readonly before: ConsumerStats
  readonly now: ConsumerStats
}

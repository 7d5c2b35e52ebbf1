import {counted, numberText} from '../../wording.js'

/** A report of a subscription that may exist on a part of the partitions. */
interface OfPart {
  readonly topic: string
  readonly subscription: string
  readonly partitionCount: number | null
  readonly missingOn: readonly number[]
}

/** The warnings about partitions without the subscription, at most one. Consumers that connect create it there, at the newest message by default. */
export function missingPartitionWarnings({missingOn, partitionCount, subscription, topic}: OfPart): string[] {
  if (missingOn.length === 0) return []
  return [
    `${topic} has no subscription ${subscription} on ${numberText(missingOn.length)} of ${counted(partitionCount ?? 0, 'partition')}: ${missingOn.join(', ')}`,
  ]
}

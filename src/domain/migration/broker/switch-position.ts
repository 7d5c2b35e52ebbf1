import {type CursorSample, hasRisen, type PauseProof} from '../proofs/drain-proof.js'
import {isBefore} from '../../../position.js'
import type {SubscriptionSample} from './collect-samples.js'

/** Where a partition was switched: the old consumers acknowledged everything up to this position. */
export interface SwitchPosition {
  readonly partition: number | null
  /** `ledger:entry` */
  readonly markDelete: string
  /** messages delivered by then; null when the broker does not report it */
  readonly delivered: number | null
  /** whether no consumer was connected, so that it was not drained */
  readonly isUnattended: boolean
}

/** With the evidence that delivery was paused. */
export interface ProvenSwitchPosition extends SwitchPosition {
  readonly pauseProof?: PauseProof
}

/** Whether the one message that the pausing rate allows may still be delivered: without traffic it is not used up yet. */
export function mayDeliverOneMore({pauseProof}: ProvenSwitchPosition): boolean {
  return pauseProof === 'idle' || pauseProof === 'untouched'
}

export function switchPositionOf({consumers, cursor, deliveredMessages, partition}: CursorSample): SwitchPosition {
  return {
    partition,
    markDelete: cursor.markDeletePosition ?? '',
    delivered: deliveredMessages,
    isUnattended: consumers === 0,
  }
}

/**
 * The later of two switch positions: a message may have been processed between the capture and the switch. The position
 * never moves backwards, because a killed broker loses the acknowledgments of its last second and the journal does not.
 */
export function later(before: SwitchPosition, samples: readonly CursorSample[]): SwitchPosition {
  const sample = samples.find(({partition}) => partition === before.partition)
  return sample && !isBefore(sample.cursor.markDeletePosition, before.markDelete) ? switchPositionOf(sample) : before
}

/** The partitions that delivered a message after their switch position was recorded: it may be processed again. */
export function deliveredSince(
  switchPositions: readonly SwitchPosition[],
  samples: readonly SubscriptionSample[],
): Array<number | null> {
  return switchPositions
    .filter(({delivered, partition}) => {
      const now = samples.find((sample) => sample.partition === partition)?.stats?.msgOutCounter
      return delivered !== null && hasRisen(now ?? null, delivered)
    })
    .map(({partition}) => partition)
}

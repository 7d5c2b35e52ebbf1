import {type CursorSample, hasRisen, type PauseProof} from '../proofs/drain-proof.js'
import {isBefore} from '../../../position.js'
import type {SubscriptionSample} from './collect-samples.js'

/** A partition's hand-over point: everything up to it was acknowledged by the old fleet. */
export interface SwitchPosition {
  readonly partition: number | null
  /** `ledger:entry` */
  readonly markDelete: string
  /** messages delivered from it by then; null when the broker does not say */
  readonly delivered: number | null
  /** whether nobody was connected to it, so that it was not drained */
  readonly isUnattended: boolean
}

/** With the reason why its dispatch counted as held. */
export interface ProvenSwitchPosition extends SwitchPosition {
  readonly pauseProof?: PauseProof
}

/** Whether the one message that the hold lets out may not have come yet: without traffic at the pause, it waits for one. */
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
 * A message may have been handled between the capture and the switch; then the hand-over is behind it. It never goes back:
 * a broker that was killed forgets the acknowledgements of its last second, and the journal does not.
 */
export function later(before: SwitchPosition, samples: readonly CursorSample[]): SwitchPosition {
  const sample = samples.find(({partition}) => partition === before.partition)
  return sample && !isBefore(sample.cursor.markDeletePosition, before.markDelete) ? switchPositionOf(sample) : before
}

/** The partitions from which a message came after their hand-over: it may be handled twice. */
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

import {type CursorLook, hasRisen, type HeldProof} from '../proofs/drain-proof.js'
import {isBefore} from '../../../position.js'
import type {SubscriptionLook} from './collect-samples.js'

/** A partition's hand-over point: everything up to it was acknowledged by the old fleet. */
export interface HandOver {
  readonly partition: number | null
  /** `ledger:entry` */
  readonly markDelete: string
  /** messages delivered from it by then; null when the broker does not say */
  readonly delivered: number | null
  /** whether nobody was connected to it, so that it was not drained */
  readonly isUnattended: boolean
}

/** With the reason why its dispatch counted as held. */
export interface ProvenHandOver extends HandOver {
  readonly heldProof?: HeldProof
}

/** Whether the one message that the hold lets out may not have come yet: without traffic at the pause, it waits for one. */
export function mayStillDeliver({heldProof}: ProvenHandOver): boolean {
  return heldProof === 'idle' || heldProof === 'untouched'
}

export function handOver({consumers, cursor, deliveredMessages, partition}: CursorLook): HandOver {
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
export function latest(before: HandOver, looks: readonly CursorLook[]): HandOver {
  const look = looks.find(({partition}) => partition === before.partition)
  return look && !isBefore(look.cursor.markDeletePosition, before.markDelete) ? handOver(look) : before
}

/** The partitions from which a message came after their hand-over: it may be handled twice. */
export function deliveredSince(
  handedOver: readonly HandOver[],
  looks: readonly SubscriptionLook[],
): Array<number | null> {
  return handedOver
    .filter(({delivered, partition}) => {
      const now = looks.find((look) => look.partition === partition)?.stats?.msgOutCounter
      return delivered !== null && hasRisen(now ?? null, delivered)
    })
    .map(({partition}) => partition)
}

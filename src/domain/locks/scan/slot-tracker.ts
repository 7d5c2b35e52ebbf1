import calculateSlot from 'cluster-key-slot'

import type {SlotOwners} from '../../../clients/redis/slots.js'

/**
 * Decides whose word counts for a key while slots of a cluster move: in each round its slot's owner at the start of the
 * round. What moved meanwhile is walked again in the next round, at its new owner.
 */
export class SlotTracker {
  private owners: SlotOwners
  /** the slots of this round; null in the first one, which has all */
  private round: ReadonlySet<number> | null = null
  private moving = new Set<number>()

  constructor(owners: SlotOwners) {
    this.owners = owners
  }

  /** Whether a server's word counts for a key in this round. A key that is not its owner's is on its way. */
  owns(key: Buffer, node: string): boolean {
    const slot = calculateSlot(key)
    if (this.owners[slot] !== node) this.moving.add(slot)
    return this.owners[slot] === node && (this.round?.has(slot) ?? true)
  }

  /** Notes that a key was gone to another server when it was read. */
  markMoved(key: Buffer): void {
    this.moving.add(calculateSlot(key))
  }

  /** Begins the next round. @returns how many slots are walked again, for they moved in the last one. */
  next(owners: SlotOwners): number {
    const changed = owners.flatMap((owner, slot) => (owner === this.owners[slot] ? [] : [slot]))
    const round = new Set([...changed, ...this.moving])
    this.owners = owners
    this.round = round
    this.moving = new Set()
    return round.size
  }
}

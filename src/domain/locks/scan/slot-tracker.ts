import calculateSlot from 'cluster-key-slot'

import type {SlotOwners} from '../../../clients/redis/slots.js'

/**
 * Decides which node is authoritative for a key while slots migrate: the node that owned the slot when the round started.
 * Slots that changed their owner during a round are scanned again in the next round, on the new owner.
 */
export class SlotTracker {
  private owners: SlotOwners
  /** the slots of this round; null in the first round, which scans all slots */
  private round: ReadonlySet<number> | null = null
  private moving = new Set<number>()

  constructor(owners: SlotOwners) {
    this.owners = owners
  }

  /** Whether a node is authoritative for a key in this round. A key on another node than the slot's owner is migrating. */
  owns(key: Buffer, node: string): boolean {
    const slot = calculateSlot(key)
    if (this.owners[slot] !== node) this.moving.add(slot)
    return this.owners[slot] === node && (this.round?.has(slot) ?? true)
  }

  /** Records that a key had moved to another node when it was read. */
  markMoved(key: Buffer): void {
    this.moving.add(calculateSlot(key))
  }

  /** Starts the next round. @returns the number of slots to scan again, because they moved in the last round. */
  next(owners: SlotOwners): number {
    const changed = owners.flatMap((owner, slot) => (owner === this.owners[slot] ? [] : [slot]))
    const round = new Set([...changed, ...this.moving])
    this.owners = owners
    this.round = round
    this.moving = new Set()
    return round.size
  }
}

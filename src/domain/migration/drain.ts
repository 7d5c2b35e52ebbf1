import type {Position} from '../../clients/pulsar-admin/admin.js'
import type {CursorStats, InternalStats} from '../../clients/pulsar-admin/types.js'

/** One partition's cursor at one moment, with what is needed to tell whether dispatch is held. */
export interface CursorLook {
  /** null on a plain topic */
  readonly partition: number | null
  readonly cursor: CursorStats
  readonly ledgers: NonNullable<InternalStats['ledgers']>
  /** entries behind the mark-delete position */
  readonly backlogEntries: number
  /** reads that the subscription's rate limit held back; null on brokers that don't count them (before 4.0.7) */
  readonly throttledReads: number | null
  /** messages delivered since the topic was loaded; null when the broker does not say */
  readonly deliveredMessages: number | null
  /** who still has to acknowledge, and how many messages */
  readonly holders: ReadonlyArray<{readonly consumer: string; readonly unackedMessages: number}>
}

/**
 * Why dispatch counts as held. `throttled`: the broker counted reads it held back since the pause. `untouched`: entries
 * wait, and none was taken in three looks. `idle`: nothing waits, so nothing could be delivered.
 */
export type HeldProof = 'idle' | 'throttled' | 'untouched'

const LOOKS_NEEDED = 3

/**
 * Whether a partition is drained, proven from its last looks: the read position stands directly behind the mark-delete
 * position and no entry behind it is acknowledged on its own, the same in three looks, and dispatch is held. The count
 * of unacked messages proves nothing: on Failover it is always 0.
 *
 * @param looks of one partition, oldest first, all taken after the pause.
 * @param throttledBefore the partition's count before the pause.
 * @returns why dispatch counts as held; null while the partition is not drained.
 */
export function drainProof(looks: readonly CursorLook[], throttledBefore: number | null): HeldProof | null {
  const recent = looks.slice(-LOOKS_NEEDED)
  const last = recent.at(-1)
  if (!last || recent.length < LOOKS_NEEDED || !recent.every(isDrained) || !stoodStill(recent)) return null
  if (hasRisen(last.throttledReads, throttledBefore)) return 'throttled'
  if (recent.every(({backlogEntries}) => backlogEntries === 0)) return 'idle'
  const isCounted = last.throttledReads !== null
  return !isCounted && recent.every(({backlogEntries}) => backlogEntries > 0) ? 'untouched' : null
}

/** Everything delivered is acknowledged: nothing lies between the mark-delete and the read position. */
export function isDrained({cursor, ledgers}: CursorLook): boolean {
  const markDelete = parsePosition(cursor.markDeletePosition)
  const read = parsePosition(cursor.readPosition)
  if (!markDelete || !read || hasHoles(cursor)) return false
  if (read.ledgerId === markDelete.ledgerId) return read.entryId === markDelete.entryId + 1
  return read.entryId === 0 && isNextLedger(markDelete, read, ledgers)
}

/** Reads `ledger:entry`; null when it is not one. */
export function parsePosition(text: string | undefined): Position | null {
  const groups = /^(?<ledger>\d+):(?<entry>-?\d+)$/.exec(text ?? '')?.groups
  return groups ? {ledgerId: Number(groups['ledger']), entryId: Number(groups['entry'])} : null
}

function hasHoles({individuallyDeletedMessages}: CursorStats): boolean {
  return individuallyDeletedMessages !== undefined && individuallyDeletedMessages.replace(/[[\]\s]/g, '') !== ''
}

function stoodStill(looks: readonly CursorLook[]): boolean {
  const [first] = looks
  return looks.every(({cursor}) => cursor.readPosition === first?.cursor.readPosition)
}

/** The topic may have been loaded afresh since, which sets its counters to 0: then any count is since the pause. */
function hasRisen(now: number | null, before: number | null): boolean {
  if (now === null) return false
  return before === null || now > before || (now < before && now > 0)
}

/** The mark-delete position is its ledger's last entry, and no entry lies in a ledger between the two. */
function isNextLedger(markDelete: Position, read: Position, ledgers: CursorLook['ledgers']): boolean {
  const own = ledgers.find(({ledgerId}) => ledgerId === markDelete.ledgerId)
  const isLast = own === undefined || markDelete.entryId === own.entries - 1 // undefined: trimmed, as all was consumed
  const between = ledgers.filter(({ledgerId}) => ledgerId > markDelete.ledgerId && ledgerId < read.ledgerId)
  return isLast && read.ledgerId > markDelete.ledgerId && between.every(({entries}) => entries === 0)
}

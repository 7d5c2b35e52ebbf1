import type {CursorStats, InternalStats} from '../../../clients/pulsar-admin/types.js'
import {parsePosition, type Position} from '../../../position.js'

/** One partition's cursor at one moment, with what is needed to tell whether dispatch is held. */
export interface CursorSample {
  /** null on a plain topic */
  readonly partition: number | null
  readonly atMs: number
  /** the last entry that was published, as `ledger:entry` */
  readonly lastEntry: string | null
  readonly cursor: CursorStats
  readonly ledgers: NonNullable<InternalStats['ledgers']>
  /** entries behind the mark-delete position */
  readonly backlogEntries: number
  /** reads that the subscription's rate limit held back; null on brokers that don't count them (before 4.0.7) */
  readonly throttledReads: number | null
  /** whether the dispatcher is about to get entries; null when the broker does not say */
  readonly isReading: boolean | null
  /** messages delivered since the topic was loaded; null when the broker does not say */
  readonly deliveredMessages: number | null
  /** messages that were read and wait to be delivered, to a consumer that had no room or again; null where unknown */
  readonly replayMessages: number | null
  /** how many messages the consumer with the least room can still be sent; null without consumers */
  readonly leastPermits: number | null
  /** how many consumers are connected */
  readonly consumers: number
  /** who still has to acknowledge, and how many messages */
  readonly unackedConsumers: ReadonlyArray<{readonly consumer: string; readonly unackedMessages: number}>
}

/**
 * Why dispatch counts as held. `throttled`: the broker counted reads it held back since the pause. `untouched`: entries
 * wait, and in three looks none was taken and none was asked for. `idle`: nothing was published for a second, so nothing
 * could be delivered, and the pause has had its time to take effect. `unattended`: no consumer is there to get any.
 */
export type PauseProof = 'idle' | 'throttled' | 'unattended' | 'untouched'

const SAMPLES_NEEDED = 3

const IDLE_MS = 1000

/**
 * Watches one partition until it is drained: the read position stands directly behind the mark-delete position and no
 * entry behind it is acknowledged on its own, the same in three looks, and dispatch is held. The count of unacked
 * messages proves nothing: on Failover it is always 0. A partition without a consumer has nobody who could acknowledge
 * or get anything: it is handed over as it stands.
 */
export class DrainProof {
  private readonly throttledBefore: number | null
  private readonly deliveredBefore: number | null
  /** The first look since the cursor stands still, and the last ones. */
  private first: CursorSample | null = null
  private recent: CursorSample[] = []
  private unattended = 0

  /**
   * @param throttledBefore the partition's count of held-back reads before the pause; null where it is not counted.
   * @param deliveredBefore where a hold was set anew: messages delivered by then. The hold before it goes on holding reads
   *   back for a moment, so that proves nothing; but the new one hands out a message first.
   */
  constructor(throttledBefore: number | null, deliveredBefore: number | null = null) {
    this.throttledBefore = throttledBefore
    this.deliveredBefore = deliveredBefore
  }

  /** @returns why dispatch counts as held; null while the partition is not drained. */
  observe(sample: CursorSample): PauseProof | null {
    this.unattended = sample.consumers === 0 ? this.unattended + 1 : 0
    if (sample.consumers === 0) return this.unattended >= SAMPLES_NEEDED ? 'unattended' : null
    const isUnchanged = this.first !== null && this.first.cursor.readPosition === sample.cursor.readPosition
    if (!isDrained(sample) || !isUnchanged) this.recent = []
    if (this.recent.length === 0) this.first = sample
    if (isDrained(sample)) this.recent = [...this.recent, sample].slice(-SAMPLES_NEEDED)
    return this.recent.length < SAMPLES_NEEDED ? null : this.pauseProof(sample)
  }

  private pauseProof(last: CursorSample): PauseProof | null {
    const isIdle = this.first !== null && isIdleBetween(this.first, last)
    if (this.deliveredBefore !== null && !hasRisen(last.deliveredMessages, this.deliveredBefore)) {
      return isIdle ? 'idle' : null
    }
    if (hasRisen(last.throttledReads, this.throttledBefore)) return 'throttled'
    if (last.throttledReads === null && this.recent.every(waitsWithoutRead)) return 'untouched'
    return isIdle ? 'idle' : null
  }
}

/**
 * Entries that wait prove nothing by themselves: a broker that is short of CPU leaves them a while, and then takes them.
 * One that could read has asked for them at once.
 */
function waitsWithoutRead({backlogEntries, isReading}: CursorSample): boolean {
  return backlogEntries > 0 && isReading === false
}

/** A pause takes effect a moment after the broker shows it; a partition that is empty for a moment would hide that. */
function isIdleBetween(first: CursorSample, last: CursorSample): boolean {
  const isEmpty = first.backlogEntries === 0 && last.backlogEntries === 0
  return isEmpty && first.lastEntry === last.lastEntry && last.atMs - first.atMs >= IDLE_MS
}

/**
 * Watches one partition for messages that were read and can't be delivered any more, because delivery is held: what was
 * read ahead for a consumer without room, what a consumer gave back, or what was not acknowledged when the topic was
 * loaded afresh. All that was delivered is acknowledged, the positions stand still, and they never will meet.
 */
export class ReplayProof {
  private last = ''
  private samples = 0

  /**
   * @returns how many messages to hand out next; 0 while none wait so, or it is too early to tell. Never more than a
   *   consumer has room for: what it can't take, the broker would make up for by reading on.
   */
  observe(sample: CursorSample): number {
    const {cursor, unackedConsumers, leastPermits} = sample
    const replayMessages = Math.max(sample.replayMessages ?? 0, entriesReadAgain(cursor))
    const isWaiting = sample.consumers > 0 && unackedConsumers.length === 0 && replayMessages > 0 && !isDrained(sample)
    const now = `${cursor.markDeletePosition ?? ''} ${cursor.readPosition ?? ''} ${String(replayMessages)}`
    this.samples = isWaiting && now === this.last ? this.samples + 1 : 1
    this.last = now
    return isWaiting && this.samples >= SAMPLES_NEEDED ? Math.min(replayMessages, Math.max(1, leastPermits ?? 1)) : 0
  }
}

/**
 * How many messages a topic that was loaded afresh reads again before it comes to the last of those that are acknowledged
 * on their own; 0 when it has read further. Where they span ledgers, it may be more.
 */
function entriesReadAgain({individuallyDeletedMessages, markDeletePosition, readPosition}: CursorStats): number {
  const [markDelete, read] = [parsePosition(markDeletePosition), parsePosition(readPosition)]
  if (!markDelete || read?.ledgerId !== markDelete.ledgerId || read.entryId !== markDelete.entryId + 1) return 0
  const holes = [...(individuallyDeletedMessages ?? '').matchAll(/\((\d+):(-?\d+)\.\.(\d+):(-?\d+)\]/g)]
  let [before, count] = [markDelete, 0]
  for (const [journal, entry, lastLedger, lastEntry] of holes.map(([, ...numbers]) => numbers.map(Number))) {
    count += (entry ?? 0) - (journal === before.ledgerId ? before.entryId : -1)
    before = {ledgerId: lastLedger ?? 0, entryId: lastEntry ?? 0}
  }
  return count
}

/** Everything delivered is acknowledged: nothing lies between the mark-delete and the read position. */
export function isDrained({cursor, ledgers}: CursorSample): boolean {
  const markDelete = parsePosition(cursor.markDeletePosition)
  const read = parsePosition(cursor.readPosition)
  if (!markDelete || !read || hasAckHoles(cursor)) return false
  if (read.ledgerId === markDelete.ledgerId) return read.entryId === markDelete.entryId + 1
  return read.entryId === 0 && isNextLedger(markDelete, read, ledgers)
}

function hasAckHoles({individuallyDeletedMessages}: CursorStats): boolean {
  return individuallyDeletedMessages !== undefined && individuallyDeletedMessages.replace(/[[\]\s]/g, '') !== ''
}

/** The topic may have been loaded afresh since, which sets its counters to 0: then any count is since the pause. */
export function hasRisen(now: number | null, before: number | null): boolean {
  if (now === null) return false
  return before === null || now > before || (now < before && now > 0)
}

/** The mark-delete position is its ledger's last entry, and no entry lies in a ledger between the two. */
function isNextLedger(markDelete: Position, read: Position, ledgers: CursorSample['ledgers']): boolean {
  const own = ledgers.find(({ledgerId}) => ledgerId === markDelete.ledgerId)
  const isLast = own === undefined || markDelete.entryId === own.entries - 1 // undefined: trimmed, as all was consumed
  const between = ledgers.filter(({ledgerId}) => ledgerId > markDelete.ledgerId && ledgerId < read.ledgerId)
  return isLast && read.ledgerId > markDelete.ledgerId && between.every(({entries}) => entries === 0)
}

import type {CursorStats, InternalStats} from '../../../clients/pulsar-admin/types.js'
import {parsePosition, type Position} from '../../../position.js'

/** One partition's cursor at one moment, with what is needed to detect whether delivery is paused. */
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
  /** reads that the subscription's rate limit throttled; null on brokers that do not count them (before 4.0.7) */
  readonly throttledReads: number | null
  /** whether the dispatcher has a read pending; null when the broker does not report it */
  readonly isReading: boolean | null
  /** messages delivered since the topic was loaded; null when the broker does not report it */
  readonly deliveredMessages: number | null
  /** messages in the replay queue: read, and not deliverable for lack of permits or to be redelivered; null if unknown */
  readonly replayMessages: number | null
  /** the permits of the consumer that has the fewest; null without consumers */
  readonly leastPermits: number | null
  /** the number of connected consumers */
  readonly consumers: number
  /** the consumers that have unacked messages, with their number */
  readonly unackedConsumers: ReadonlyArray<{readonly consumer: string; readonly unackedMessages: number}>
}

/**
 * The evidence that delivery is paused. `throttled`: the broker's count of throttled reads has risen since the pause.
 * `untouched`: entries are waiting, and in three samples none was read and no read was pending. `idle`: nothing was
 * published for one second, long enough for the pause to take effect. `unattended`: no consumer is connected.
 */
export type PauseProof = 'idle' | 'throttled' | 'unattended' | 'untouched'

const SAMPLES_NEEDED = 3

const IDLE_MS = 1000

/**
 * Proves that one partition is drained: in three samples the read position directly follows the mark-delete position, there
 * are no ack holes, and delivery is paused. The count of unacked messages proves nothing: on Failover it is always 0. A
 * partition without consumers can neither acknowledge nor receive messages: it is switched at its current position.
 */
export class DrainProof {
  private readonly throttledBefore: number | null
  private readonly deliveredBefore: number | null
  /** The first sample since the cursor stopped moving, and the most recent ones. */
  private first: CursorSample | null = null
  private recent: CursorSample[] = []
  private unattended = 0

  /**
   * @param throttledBefore the partition's count of throttled reads before the pause; null where it is not counted.
   * @param deliveredBefore set when the pause was renewed: the number of messages delivered by then. The old rate limiter
   *   throttles reads for a moment longer, so its count proves nothing. The new limiter allows one message first, so a
   *   higher delivery count proves that it is in effect.
   */
  constructor(throttledBefore: number | null, deliveredBefore: number | null = null) {
    this.throttledBefore = throttledBefore
    this.deliveredBefore = deliveredBefore
  }

  /** @returns the evidence that delivery is paused; null while the partition is not drained. */
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
 * Waiting entries alone prove nothing: a broker that is short of CPU reads them late. A dispatcher that may read has a read
 * pending at once.
 */
function waitsWithoutRead({backlogEntries, isReading}: CursorSample): boolean {
  return backlogEntries > 0 && isReading === false
}

/** A pause takes effect a moment after the broker shows it, so a partition that is empty for a moment is not yet proof. */
function isIdleBetween(first: CursorSample, last: CursorSample): boolean {
  const isEmpty = first.backlogEntries === 0 && last.backlogEntries === 0
  return isEmpty && first.lastEntry === last.lastEntry && last.atMs - first.atMs >= IDLE_MS
}

/**
 * Detects messages that were read but cannot be delivered during the pause: read for a consumer without permits, negatively
 * acknowledged, or unacknowledged when the topic was reloaded. Everything delivered is acknowledged, the read and
 * mark-delete positions stop, and they never become adjacent: the pausing rate must allow exactly these messages.
 */
export class ReplayProof {
  private last = ''
  private samples = 0

  /**
   * @returns the number of messages to allow next; 0 while there are none or too few samples. It is never more than a
   *   consumer has permits for: the broker would read new entries in place of those that the consumer cannot receive.
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
 * The number of messages that a reloaded topic reads again up to the last ack hole; 0 when it has read further. Where the
 * holes span ledgers, it may be more.
 */
function entriesReadAgain({individuallyDeletedMessages, markDeletePosition, readPosition}: CursorStats): number {
  const [markDelete, read] = [parsePosition(markDeletePosition), parsePosition(readPosition)]
  if (!markDelete || read?.ledgerId !== markDelete.ledgerId || read.entryId !== markDelete.entryId + 1) return 0
  const holes = [...(individuallyDeletedMessages ?? '').matchAll(/\((\d+):(-?\d+)\.\.(\d+):(-?\d+)\]/g)]
  let [before, count] = [markDelete, 0]
  for (const [ledger, entry, lastLedger, lastEntry] of holes.map(([, ...numbers]) => numbers.map(Number))) {
    count += (entry ?? 0) - (ledger === before.ledgerId ? before.entryId : -1)
    before = {ledgerId: lastLedger ?? 0, entryId: lastEntry ?? 0}
  }
  return count
}

/** Everything delivered is acknowledged: the read position directly follows the mark-delete position. */
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

/** A reload of the topic sets its counters to 0: then any count above 0 was made after the pause. */
export function hasRisen(now: number | null, before: number | null): boolean {
  if (now === null) return false
  return before === null || now > before || (now < before && now > 0)
}

/** The mark-delete position is its ledger's last entry, and the ledgers between the two are empty. */
function isNextLedger(markDelete: Position, read: Position, ledgers: CursorSample['ledgers']): boolean {
  const ledger = ledgers.find(({ledgerId}) => ledgerId === markDelete.ledgerId)
  const isLast = ledger === undefined || markDelete.entryId === ledger.entries - 1 // undefined: the ledger was trimmed because it was consumed
  const between = ledgers.filter(({ledgerId}) => ledgerId > markDelete.ledgerId && ledgerId < read.ledgerId)
  return isLast && read.ledgerId > markDelete.ledgerId && between.every(({entries}) => entries === 0)
}

import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import type {CollectedSubscription} from '../topic-stats/collect-topic-stats.js'
import {chooseEntries} from './choose-entries.js'
import {countEntries, unackedEntries} from '../topic-stats/unacked-entries.js'
import {BEFORE_FIRST, parsePosition, type Position} from '../../position.js'
import {restReader} from './collect-by-rest.js'
import type {EntryPosition} from './sampled-entry.js'
import {cursorOf} from '../topic-stats/cursor.js'

/** The unacknowledged messages of one key among the entries that were read. */
export interface KeyMessages {
  readonly entriesRead: number
  /** entries that the broker did not return, or that are not readable */
  readonly entriesUnreadable: number
  /** entries on the key's partition */
  readonly backlogEntries: number
  /** whether the complete backlog was read */
  readonly isComplete: boolean
  readonly messages: number
  /** null when there is none */
  readonly oldest: {
    /** `ledger:entry` */
    readonly position: string
    readonly publishedAtMs: number | null
    /** the time before which the broker does not deliver it, epoch ms; null if it is not delayed */
    readonly deliverAtMs: number | null
    /** whether the broker has read it: then it was delivered to a consumer, or it is in the replay queue */
    readonly isRead: boolean
  } | null
}

const TIMEOUT_MS = 30_000

/**
 * Searches for a key's messages from the oldest entry of a partition on. Reads through the admin API and moves no cursor.
 *
 * @param partition null on a plain topic.
 * @param max maximum number of entries to read.
 */
export async function collectKeyMessages(
  admin: PulsarAdmin,
  collected: CollectedSubscription,
  {key, max, partition}: {readonly key: string; readonly partition: number | null; readonly max: number},
): Promise<KeyMessages> {
  const index = partition ?? 0
  const row = collected.partitions[index]
  if (!row) throw new RangeError(`there is no partition ${String(partition)}`) // collectTopic guarantees that all partitions exist
  const stats = await admin.internalStats(row.name)
  const backlog = unackedEntries(index, stats, collected.subscription)
  const chosen = chooseEntries([backlog], 'head', max)
  const readPosition = cursorOf(stats, collected.subscription)?.readPosition ?? '-1:-1'
  const until = Date.now() + TIMEOUT_MS
  let [entriesRead, entriesUnreadable, messages, isOver] = [0, 0, 0, false]
  let oldest: Found | null = null
  await restReader(admin, collected)(chosen, {
    entry: (entry) => {
      entriesRead++
      const ofKey = entry.messages.filter((message) => message.key === key && !message.isBase64).length
      messages += ofKey
      if (ofKey > 0 && (oldest === null || isBefore(entry, oldest))) oldest = entry
    },
    skip: (entries) => {
      entriesRead += entries
    },
    unreadable: () => {
      entriesUnreadable++
    },
    isOver: () => (isOver ||= Date.now() >= until),
  })
  const found = oldest as Found | null
  const backlogEntries = countEntries(backlog)
  return {
    entriesRead,
    entriesUnreadable,
    backlogEntries,
    isComplete: !isOver && entriesUnreadable === 0 && countEntries(chosen) === backlogEntries,
    messages,
    oldest: found && {
      position: `${String(found.ledgerId)}:${String(found.entryId)}`,
      publishedAtMs: found.publishedAtMs,
      deliverAtMs: found.deliverAtMs,
      isRead: isBefore(found, parsePosition(readPosition) ?? BEFORE_FIRST),
    },
  }
}

type Found = EntryPosition & {readonly publishedAtMs: number | null; readonly deliverAtMs: number | null}

function isBefore(one: Position, other: Position): boolean {
  return one.ledgerId === other.ledgerId ? one.entryId < other.entryId : one.ledgerId < other.ledgerId
}

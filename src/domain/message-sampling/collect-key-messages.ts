import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import {orWhenRefused} from '../../clients/pulsar-admin/admin-refused.js'
import type {InternalStats} from '../../clients/pulsar-admin/types.js'
import type {CollectedSubscription, SubscriptionPartition} from '../topic-stats/collect-topic-stats.js'
import {chooseEntries} from './choose-entries.js'
import {countEntries, entriesFrom, type EntryRange, unackedEntries} from '../topic-stats/unacked-entries.js'
import {BEFORE_FIRST, parsePosition, type Position} from '../../position.js'
import {restReader} from './collect-by-rest.js'
import {type EntryPosition, mayHaveKey} from './sampled-entry.js'
import {cursorOf} from '../topic-stats/cursor.js'

/** The unacknowledged messages of one key among the entries that were read. */
export interface KeyMessages {
  readonly entriesRead: number
  /** entries that the broker did not return, or that are not readable */
  readonly entriesUnreadable: number
  /** entries that may be messages of the key, because HTTP headers do not carry all its characters */
  readonly entriesUncertain: number
  /** entries on the partitions that were searched */
  readonly backlogEntries: number
  /** whether the complete backlog was read */
  readonly isComplete: boolean
  readonly messages: number
  /** the partitions with messages of the key; 0 on a plain topic */
  readonly partitions: readonly number[]
  /** null when there is none */
  readonly oldest: {
    /** 0 on a plain topic */
    readonly partition: number
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
 * Searches for a key's messages from the oldest entry of some partitions on. Reads through the admin API and moves no cursor.
 *
 * @param partitions the partitions to search; 0 on a plain topic.
 * @param max maximum number of entries to read, over all these partitions.
 */
export async function collectKeyMessages(
  admin: PulsarAdmin,
  collected: CollectedSubscription,
  {key, max, partitions}: {readonly key: string; readonly partitions: readonly number[]; readonly max: number},
): Promise<KeyMessages> {
  const searched = await Promise.all(
    collected.partitions
      .filter(({partition}) => partitions.includes(partition ?? 0))
      .map((row) => partitionBacklog(admin, row, collected.subscription)),
  )
  const backlogs = searched.map(({backlog}) => backlog)
  const chosen = chooseEntries(backlogs, 'head', max)
  const until = Date.now() + TIMEOUT_MS
  let [entriesRead, entriesUnreadable, entriesUncertain, messages, isOver] = [0, 0, 0, 0, false]
  const oldestOf = new Map<number, Found>()
  await restReader(admin, collected)(chosen, {
    entry: (entry) => {
      entriesRead++
      if (mayHaveKey(entry, key)) {
        entriesUncertain++
        return
      }
      const ofKey = entry.messages.filter((message) => message.key === key && !message.isBase64).length
      messages += ofKey
      const oldest = oldestOf.get(entry.partition)
      if (ofKey > 0 && (!oldest || isBefore(entry, oldest))) oldestOf.set(entry.partition, entry)
    },
    skip: (entries) => {
      entriesRead += entries
    },
    unreadable: () => {
      entriesUnreadable++
    },
    isOver: () => (isOver ||= Date.now() >= until),
  })
  const [found] = [...oldestOf.values()].toSorted((a, b) => (a.publishedAtMs ?? 0) - (b.publishedAtMs ?? 0))
  const backlogEntries = backlogs.reduce((sum, backlog) => sum + countEntries(backlog), 0)
  return {
    entriesRead,
    entriesUnreadable,
    entriesUncertain,
    backlogEntries,
    isComplete: !isOver && entriesUnreadable === 0 && entriesUncertain === 0 && countEntries(chosen) === backlogEntries,
    messages,
    partitions: [...oldestOf.keys()].toSorted((a, b) => a - b),
    oldest: found ? oldestMessage(found, searched) : null,
  }
}

function oldestMessage(found: Found, searched: readonly PartitionBacklog[]): KeyMessages['oldest'] {
  const {deliverAtMs, entryId, ledgerId, partition, publishedAtMs} = found
  const readPosition = searched.find((one) => one.partition === partition)?.readPosition ?? BEFORE_FIRST
  const position = `${String(ledgerId)}:${String(entryId)}`
  return {partition, position, publishedAtMs, deliverAtMs, isRead: isBefore(found, readPosition)}
}

type Found = EntryPosition & {readonly publishedAtMs: number | null; readonly deliverAtMs: number | null}

interface PartitionBacklog {
  readonly partition: number
  readonly stats: InternalStats
  readonly backlog: EntryRange[]
  readonly readPosition: Position
}

async function partitionBacklog(
  admin: PulsarAdmin,
  {name, partition}: SubscriptionPartition,
  subscription: string,
): Promise<PartitionBacklog> {
  const stats = await admin.internalStats(name)
  const index = partition ?? 0
  return {
    partition: index,
    stats,
    backlog: unackedEntries(index, stats, subscription),
    readPosition: parsePosition(cursorOf(stats, subscription)?.readPosition ?? '-1:-1') ?? BEFORE_FIRST,
  }
}

/** A key as producers set it: text, or bytes as base64 text. */
export interface MessageKey {
  readonly text: string
  readonly isBase64: boolean
}

/** By key, the partitions that store messages of it, in ascending order. */
export type KeyPartitions = (key: MessageKey) => readonly number[]

const PARTITIONS_TIMEOUT_MS = 10_000

/**
 * Finds the partitions that store messages, acknowledged or not, of some keys. Reads a part of the topic only, and nothing without
 * the permission.
 *
 * @param entriesEach maximum number of entries at each end: the newest ones of the topic, and the oldest ones of the backlog.
 */
export async function collectKeyPartitions(
  admin: PulsarAdmin,
  collected: CollectedSubscription,
  keys: readonly MessageKey[],
  entriesEach: number,
): Promise<KeyPartitions> {
  const found = new Map(keys.map((key) => [keyId(key), new Set<number>()]))
  if (entriesEach > 0) await orWhenRefused(searchEnds(admin, collected, found, entriesEach), undefined)
  return (key) => [...(found.get(keyId(key)) ?? [])].toSorted((a, b) => a - b)
}

async function searchEnds(
  admin: PulsarAdmin,
  collected: CollectedSubscription,
  found: ReadonlyMap<string, Set<number>>,
  entriesEach: number,
): Promise<void> {
  const searched = await Promise.all(
    collected.partitions.map((row) => partitionBacklog(admin, row, collected.subscription)),
  )
  const all = searched.map(({partition, stats}) => entriesFrom(BEFORE_FIRST, stats, partition))
  const chosen = [
    ...chooseEntries(all, 'tail', entriesEach),
    ...chooseEntries(
      searched.map(({backlog}) => backlog),
      'head',
      entriesEach,
    ),
  ]
  const until = Date.now() + PARTITIONS_TIMEOUT_MS
  await restReader(admin, collected)(chosen, {
    entry: ({hasUncertainKey, messages, partition}) => {
      if (hasUncertainKey) return
      for (const {isBase64, key} of messages) if (key !== null) found.get(keyId({text: key, isBase64}))?.add(partition)
    },
    skip: () => undefined,
    unreadable: () => undefined,
    isOver: () => Date.now() >= until,
  })
}

function keyId({isBase64, text}: MessageKey): string {
  return `${isBase64 ? 'base64' : 'text'}:${text}`
}

function isBefore(one: Position, other: Position): boolean {
  return one.ledgerId === other.ledgerId ? one.entryId < other.entryId : one.ledgerId < other.ledgerId
}

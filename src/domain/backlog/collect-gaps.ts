import pLimit from 'p-limit'

import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import {restReader} from '../message-sampling/collect-by-rest.js'
import {type CollectedSubscription, collectExisting, missingFrom} from '../topic-stats/collect-topic-stats.js'
import {countEntries, type EntryRange} from '../topic-stats/unacked-entries.js'
import {entryGaps} from './ack-gaps.js'
import {type FirstMessage, type FoundGap, gapRow, type GapReport} from './gap-report.js'

const CONCURRENT_CURSORS = 16
const READ_LIMIT_MS = 30_000

export interface GapOptions {
  /** most gaps to list */
  readonly max: number
  /** whether to read the first message of each listed gap */
  readonly hasMessages: boolean
}

/**
 * Lists the ack holes of a subscription's cursors. One request for each partition, and with messages about one for each
 * listed gap; none moves a cursor.
 *
 * @throws Unreachable if the topic or the subscription does not exist, or if the permission to read it is missing.
 */
export async function collectGaps(
  admin: PulsarAdmin,
  {subscription, topic}: {readonly topic: string; readonly subscription: string},
  {hasMessages, max}: GapOptions,
): Promise<GapReport> {
  const collected = await collectExisting(admin, topic, subscription, {excludePublishers: true})
  const found = await findGaps(admin, collected)
  const listed = found.slice(0, max)
  const messages = hasMessages ? await readFirst(admin, collected, listed) : new Map<string, FirstMessage>()
  const nowMs = Date.now()
  return {
    topic: collected.topic.full,
    subscription,
    asOf: new Date(nowMs).toISOString(),
    partitionCount: collected.partitionCount,
    missingOn: missingFrom(collected.partitionCount, collected.partitions),
    gaps: listed.map((one) => gapRow(one, messages.get(positionOf(one.gap.ranges[0])) ?? null, nowMs)),
    total: {
      gaps: found.length,
      entries: found.reduce((sum, {gap}) => sum + countEntries(gap.ranges), 0),
    },
  }
}

/** By partition and position. */
async function findGaps(admin: PulsarAdmin, {partitions, subscription}: CollectedSubscription): Promise<FoundGap[]> {
  const limit = pLimit(CONCURRENT_CURSORS)
  const found = await Promise.all(
    partitions.map(({name, partition, subscription: stats}) =>
      limit(async () => {
        const gaps = entryGaps(partition ?? 0, await admin.internalStats(name), subscription)
        return gaps.map((gap): FoundGap => ({partition, gap, stats}))
      }),
    ),
  )
  return found.flat()
}

/** By the position of the first entry. A message that cannot be read, or was acknowledged and deleted since, is missing. */
async function readFirst(
  admin: PulsarAdmin,
  collected: CollectedSubscription,
  gaps: readonly FoundGap[],
): Promise<Map<string, FirstMessage>> {
  const messages = new Map<string, FirstMessage>()
  const until = Date.now() + READ_LIMIT_MS
  const firsts = gaps.map(({gap: {ranges}}) => ({...ranges[0], last: ranges[0].first}))
  await restReader(admin, collected)(firsts, {
    entry: ({entryId, ledgerId, messages: [first], partition, publishedAtMs}) => {
      const position = positionOf({partition, ledgerId, first: entryId})
      messages.set(position, {key: first?.key ?? null, isBase64: first?.isBase64 ?? false, publishedAtMs})
    },
    skip: () => undefined,
    unreadable: () => undefined,
    isOver: () => Date.now() >= until,
  })
  return messages
}

function positionOf({first, ledgerId, partition}: Pick<EntryRange, 'first' | 'ledgerId' | 'partition'>): string {
  return [partition, ledgerId, first].join(':')
}

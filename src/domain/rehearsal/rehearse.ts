import {randomBytes} from 'node:crypto'
import {setTimeout as delay} from 'node:timers/promises'

import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import {parsePosition, type Position} from '../../position.js'
import {unlessRefused} from '../../clients/pulsar-admin/admin-refused.js'
import type {MessageTransport} from '../../clients/pulsar-messages/transport.js'
import {Unreachable} from '../../errors.js'
import type {TopicName} from '../../topic-name.js'
import {collectKeyShared} from '../keys/assignment/collect-key-shared.js'
import {directoryOrNull} from '../keys/owners/key-directory.js'
import {type CollectedSubscription, collectSubscription} from '../topic-stats/collect-topic-stats.js'
import {RehearsalConsumer} from './rehearsal-consumer.js'
import {type OwnerOf, RehearsalTally, type TallyReport} from './rehearsal-counts.js'
import {cursorOf} from '../topic-stats/cursor.js'

const TEMPORARY = '__keyshift-rehearsal-'
const LOOK_EVERY_MS = 300

export interface RehearsalOptions {
  readonly names: readonly string[]
  readonly processMs: number
  readonly seconds: number
  /** go on with what is published meanwhile until so many messages were handled */
  readonly messages: number
  /** how many of the most frequent keys to name */
  readonly top: number
  /** Asked to end early: what was made is removed all the same. */
  readonly interrupt: AbortSignal
  readonly onProgress: (messages: number) => void
}

export interface Rehearsal extends TallyReport {
  topic: string
  subscription: string
  processMs: number
  tookMs: number
  /** `end` when all that waited at the start was handled, and as many messages as were wanted */
  stoppedBy: 'end' | 'interrupt' | 'seconds'
  /** how long what waited at the start took; null when it was not all handled */
  drainMs: number | null
  /** entries that waited at the start */
  backlogEntries: number | null
  /** the real subscription's mark-delete position on each partition, before and after; only its own consumers move it */
  cursors: Array<{partition: number | null; before: string | null; after: string | null}>
  /** temporary subscriptions of rehearsals that were cut off, and are gone now */
  removedLeftovers: number
}

/**
 * Plays a Key_Shared fleet on what the subscription has not acknowledged: on a subscription of its own, which begins where
 * the real one stands and is gone when it ends.
 */
export async function rehearse(
  admin: PulsarAdmin,
  transport: MessageTransport,
  topic: string,
  subscription: string,
  options: RehearsalOptions,
): Promise<Rehearsal> {
  const collected = await collectSubscription(admin, topic, subscription, {getPreciseBacklog: true})
  const removedLeftovers = await removeLeftovers(admin, collected)
  const before = await standOf(admin, collected, subscription)
  const temporary = `${TEMPORARY}${randomBytes(4).toString('hex')}`
  const tally = new RehearsalTally(options.names)
  const startedAt = Date.now()
  let played: Played
  try {
    await make(admin, collected, temporary, before)
    played = await play(admin, transport, collected, temporary, {...options, tally, before})
  } finally {
    await remove(admin, collected, temporary)
  }
  const tookMs = Date.now() - startedAt
  const after = await standOf(admin, collected, subscription)
  return {
    ...tally.report(played.ownerOf, tookMs, options.processMs, options.top),
    topic: collected.topic.full,
    subscription,
    processMs: options.processMs,
    tookMs,
    stoppedBy: played.stoppedBy,
    drainMs: played.drainMs,
    backlogEntries: collected.partitions.reduce<number | null>(
      (sum, {subscription: {msgBacklog}}) => (sum === null || msgBacklog === undefined ? null : sum + msgBacklog),
      0,
    ),
    cursors: before.map(({markDelete, partition}, at) => ({
      partition,
      before: markDelete,
      after: after[at]?.markDelete ?? null,
    })),
    removedLeftovers,
  }
}

interface Stand {
  readonly partition: number | null
  readonly markDelete: string | null
  readonly last: Position | null
}

async function standOf(admin: PulsarAdmin, collected: CollectedSubscription, subscription: string): Promise<Stand[]> {
  return Promise.all(
    collected.partitions.map(async ({name, partition}) => {
      const stats = await admin.internalStats(name)
      const markDelete = cursorOf(stats, subscription)?.markDeletePosition ?? null
      return {partition, markDelete, last: parsePosition(stats.lastConfirmedEntry)}
    }),
  )
}

async function make(
  admin: PulsarAdmin,
  {partitions, subscription, topic}: CollectedSubscription,
  temporary: string,
  stand: readonly Stand[],
): Promise<void> {
  await Promise.all(
    partitions.map(async ({name}, at) => {
      const position = parsePosition(stand[at]?.markDelete ?? undefined)
      if (!position) {
        throw new Unreachable(
          'E_POSITION_UNKNOWN',
          `the broker does not tell where ${subscription} stands on ${topic.full}`,
        )
      }
      const properties = {'keyshift-rehearsal-of': subscription}
      await admin.createSubscriptionBehind(name, temporary, {position, properties, isReplicated: false})
    }),
  )
}

interface Played extends Pick<Rehearsal, 'drainMs' | 'stoppedBy'> {
  readonly ownerOf: OwnerOf | null
}

interface Play extends RehearsalOptions {
  readonly tally: RehearsalTally
  readonly before: readonly Stand[]
}

async function play(
  admin: PulsarAdmin,
  transport: MessageTransport,
  collected: CollectedSubscription,
  temporary: string,
  {before, interrupt, messages, names, onProgress, processMs, seconds, tally}: Play,
): Promise<Played> {
  const {topic} = collected
  const startedAt = Date.now()
  let drainMs: number | null = null
  const consumers: RehearsalConsumer[] = []
  try {
    // One after the other, as given: consumers that share a point of the ring get it in the order of joining.
    for (const name of names) {
      consumers.push(
        await RehearsalConsumer.connect({transport, topic, subscription: temporary, name, processMs, tally}),
      )
    }
    const ownerOf = await ownersOn(admin, topic, temporary)
    for (;;) {
      onProgress(tally.messages)
      if (interrupt.aborted) return {stoppedBy: 'interrupt', drainMs, ownerOf}
      const now = await standOf(admin, collected, temporary)
      const isDrained = now.every(({markDelete}, at) => hasReached(markDelete, before[at]?.last ?? null))
      if (isDrained) drainMs ??= Date.now() - startedAt
      if (isDrained && tally.messages >= messages) return {stoppedBy: 'end', drainMs, ownerOf}
      if (Date.now() - startedAt > seconds * 1000) return {stoppedBy: 'seconds', drainMs, ownerOf}
      await delay(LOOK_EVERY_MS)
    }
  } finally {
    await Promise.all(consumers.map((consumer) => consumer.close()))
  }
}

/**
 * Who owns which hash now that all have joined. All partitions have the same consumers in the same order, and so the
 * same ring: the first stands for all. null where the selector is not known.
 */
async function ownersOn(admin: PulsarAdmin, topic: TopicName, temporary: string): Promise<OwnerOf | null> {
  const {collected, facts} = await collectKeyShared(admin, topic.full, temporary)
  const directory = directoryOrNull(collected, facts)
  return directory && ((hash) => directory.locateAt(0, hash).consumer?.name ?? null)
}

function hasReached(markDelete: string | null, last: Position | null): boolean {
  const now = parsePosition(markDelete ?? undefined)
  if (!last || last.entryId < 0) return true
  if (!now) return false
  return now.ledgerId === last.ledgerId ? now.entryId >= last.entryId : now.ledgerId > last.ledgerId
}

/** Every temporary subscription that nobody is connected to belongs to a rehearsal that was cut off. */
async function removeLeftovers(admin: PulsarAdmin, collected: CollectedSubscription): Promise<number> {
  const found = new Map<string, number>()
  for (const {stats} of collected.partitions) {
    for (const [name, {consumers}] of Object.entries(stats.subscriptions ?? {})) {
      if (name.startsWith(TEMPORARY)) found.set(name, (found.get(name) ?? 0) + (consumers ?? []).length)
    }
  }
  const idle = [...found].filter(([, consumers]) => consumers === 0).map(([name]) => name)
  for (const name of idle) await remove(admin, collected, name)
  return idle.length
}

async function remove(admin: PulsarAdmin, {partitions}: CollectedSubscription, temporary: string): Promise<void> {
  await Promise.all(
    partitions.map(({name}) => unlessRefused(404, admin.deleteSubscription(name, temporary), undefined)),
  )
}

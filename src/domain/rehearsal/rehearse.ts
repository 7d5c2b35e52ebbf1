import {randomBytes} from 'node:crypto'

import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import {parsePosition, type Position} from '../../position.js'
import {orOnStatus} from '../../clients/pulsar-admin/admin-refused.js'
import type {MessageTransport} from '../../clients/pulsar-messages/transport.js'
import {Unreachable} from '../../errors.js'
import type {TopicName} from '../../topic-name.js'
import {waitUntil} from '../../wait-until.js'
import {collectKeyShared} from '../keys/assignment/collect-key-shared.js'
import {directoryOrNull} from '../keys/owners/key-directory.js'
import {type CollectedSubscription, collectSubscription} from '../topic-stats/collect-topic-stats.js'
import {cursorOf} from '../topic-stats/cursor.js'
import {RehearsalConsumer} from './rehearsal-consumer.js'
import {type CountsReport, type OwnerOf, RehearsalCounts} from './rehearsal-counts.js'

const TEMPORARY = '__keyshift-rehearsal-'
const SAMPLE_EVERY_MS = 300

export interface RehearsalOptions {
  readonly names: readonly string[]
  readonly processMs: number
  readonly timeLimitMs: number
  /** minimum number of messages to process; after the backlog, new messages count as well */
  readonly messages: number
  /** number of most frequent keys to list */
  readonly top: number
  /** Ends the rehearsal early; its subscription is deleted as usual. */
  readonly interrupt: AbortSignal
  readonly onProgress: (messages: number) => void
}

export interface Rehearsal extends CountsReport {
  topic: string
  subscription: string
  processMs: number
  tookMs: number
  /** `end` when the initial backlog is drained and the requested number of messages is processed */
  stoppedBy: 'end' | 'interrupt' | 'time-limit'
  /** time until the initial backlog was drained; null when it was not */
  drainMs: number | null
  /** entries in the backlog at the start */
  backlogEntries: number | null
  /** the real subscription's mark-delete position on each partition, before and after; only its own consumers move it */
  cursors: Array<{partition: number | null; before: string | null; after: string | null}>
  /** number of deleted temporary subscriptions that killed rehearsals had left */
  removedLeftovers: number
}

/**
 * Simulates Key_Shared consumers on the backlog of a subscription. They use a temporary subscription that starts at the
 * same position and is deleted at the end.
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
  const before = await cursorPositions(admin, collected, subscription)
  const temporary = `${TEMPORARY}${randomBytes(4).toString('hex')}`
  const counts = new RehearsalCounts(options.names)
  const startedAt = Date.now()
  let run: RehearsalRun
  try {
    await createTemporary(admin, collected, temporary, before)
    run = await runConsumers(admin, transport, collected, temporary, {...options, counts, before})
  } finally {
    await remove(admin, collected, temporary)
  }
  const tookMs = Date.now() - startedAt
  const after = await cursorPositions(admin, collected, subscription)
  return {
    ...counts.report(run.ownerOf, tookMs, options.processMs, options.top),
    topic: collected.topic.full,
    subscription,
    processMs: options.processMs,
    tookMs,
    stoppedBy: run.stoppedBy,
    drainMs: run.drainMs,
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

interface CursorPosition {
  readonly partition: number | null
  readonly markDelete: string | null
  readonly last: Position | null
}

async function cursorPositions(
  admin: PulsarAdmin,
  collected: CollectedSubscription,
  subscription: string,
): Promise<CursorPosition[]> {
  return Promise.all(
    collected.partitions.map(async ({name, partition}) => {
      const stats = await admin.internalStats(name)
      const markDelete = cursorOf(stats, subscription)?.markDeletePosition ?? null
      return {partition, markDelete, last: parsePosition(stats.lastConfirmedEntry)}
    }),
  )
}

async function createTemporary(
  admin: PulsarAdmin,
  {partitions, subscription}: CollectedSubscription,
  temporary: string,
  positions: readonly CursorPosition[],
): Promise<void> {
  await Promise.all(
    partitions.map(async ({name}, at) => {
      const position = parsePosition(positions[at]?.markDelete ?? undefined)
      if (!position) {
        throw new Unreachable(
          'E_POSITION_UNKNOWN',
          `the broker reports no mark-delete position of ${subscription} on ${name.full}`,
        )
      }
      const properties = {'keyshift-rehearsal-of': subscription}
      await admin.createSubscriptionAfter(name, temporary, {position, properties, isReplicated: false})
    }),
  )
}

interface RehearsalRun extends Pick<Rehearsal, 'drainMs' | 'stoppedBy'> {
  readonly ownerOf: OwnerOf | null
}

interface RunParts extends RehearsalOptions {
  readonly counts: RehearsalCounts
  readonly before: readonly CursorPosition[]
}

async function runConsumers(
  admin: PulsarAdmin,
  transport: MessageTransport,
  collected: CollectedSubscription,
  temporary: string,
  {before, counts, interrupt, messages, names, onProgress, processMs, timeLimitMs}: RunParts,
): Promise<RehearsalRun> {
  const {topic} = collected
  const startedAt = Date.now()
  let drainMs: number | null = null
  const consumers: RehearsalConsumer[] = []
  try {
    // One after the other, in the given order: when two consumers hash to the same point, the order of joining decides.
    for (const name of names) {
      consumers.push(
        await RehearsalConsumer.connect({transport, topic, subscription: temporary, name, processMs, counts}),
      )
    }
    const ownerOf = await ownersOn(admin, topic, temporary)
    const timeoutMs = Math.max(0, timeLimitMs - (Date.now() - startedAt))
    const check = async (): Promise<true | undefined> => {
      onProgress(counts.messages)
      const now = await cursorPositions(admin, collected, temporary)
      const isDrained = now.every(({markDelete}, at) => hasReached(markDelete, before[at]?.last ?? null))
      if (isDrained) drainMs ??= Date.now() - startedAt
      return isDrained && counts.messages >= messages ? true : undefined
    }
    const hasEnded = await waitUntil(check, {everyMs: SAMPLE_EVERY_MS, timeoutMs, signal: interrupt})
    const stoppedBy = interrupt.aborted ? 'interrupt' : hasEnded === true ? 'end' : 'time-limit'
    return {stoppedBy, drainMs, ownerOf}
  } finally {
    await Promise.all(consumers.map((consumer) => consumer.close()))
  }
}

/**
 * The owner of each hash after all consumers have joined. All partitions have the same consumers in the same order and
 * therefore the same hash ring, so the first partition represents them all. null when the selector is unknown.
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

/** A temporary subscription without consumers was left by a killed rehearsal. */
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
  await Promise.all(partitions.map(({name}) => orOnStatus(404, admin.deleteSubscription(name, temporary), undefined)))
}

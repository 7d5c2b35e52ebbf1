import type {TopicPartition} from '../topic-stats/collect-topic-stats.js'
import type {SubscriptionStats} from '../../clients/pulsar-admin/types.js'

/**
 * What the mark-delete position did in the window, behind which nothing is left to do. `held`: messages are acknowledged, and
 * it stands, for an older one is not: no stall. `still`: nothing was acknowledged.
 */
export type MarkDelete = 'held' | 'moving' | 'still'

/** What went on in a window. */
export interface Movement {
  /** whether anything was acknowledged; null where it can't be told */
  readonly isAcking: boolean | null
  readonly markDelete: MarkDelete | null
  /** counters went back: the topic was loaded afresh, and its consumers came anew */
  readonly wasReloaded: boolean
}

/** One partition at one look. */
export type Look = Pick<TopicPartition, 'stats'> & {readonly subscription: SubscriptionStats}

/** @param looks those that had the partition, in order. */
export function movementOf(looks: readonly Look[]): Movement {
  const pairs = looks.slice(1).map((now, at) => [looks[at] ?? now, now] as const)
  const isAny = (moves: (before: Look, now: Look) => boolean): boolean =>
    pairs.some(([before, now]) => moves(before, now))
  const isMoving = isAny((before, now) => markDeletedAt(now) > markDeletedAt(before))
  const isAcking =
    isMoving ||
    isAny((before, now) => backlogOf(now) < backlogOf(before)) ||
    isAny((before, now) => ackedAt(now) > ackedAt(before))
  const isKnown = isAcking || (pairs.length > 0 && looks.every(tellsAcks))
  return {
    isAcking: isKnown ? isAcking : null,
    markDelete: isKnown ? markDeleteOf(isAcking, isMoving, looks) : null,
    wasReloaded: isAny((before, now) => isBack(before, now)),
  }
}

/** Of all partitions: the one that is held counts, or else those that move. */
export function addMovements(parts: readonly Movement[]): Movement {
  const has = (state: MarkDelete | null): boolean => parts.some(({markDelete}) => markDelete === state)
  return {
    isAcking: parts.some(({isAcking}) => isAcking === true)
      ? true
      : parts.some(({isAcking}) => isAcking === null)
        ? null
        : false,
    markDelete: has('held') ? 'held' : has(null) ? null : has('moving') ? 'moving' : 'still',
    wasReloaded: parts.some(({wasReloaded}) => wasReloaded),
  }
}

function markDeleteOf(isAcking: boolean, isMoving: boolean, looks: readonly Look[]): MarkDelete | null {
  if (!isAcking) return 'still'
  if (looks.some(({subscription}) => subscription.lastMarkDeleteAdvancedTimestamp === undefined)) return null
  return isMoving ? 'moving' : 'held'
}

/** Backlogs that aren't told compare as neither more nor less. */
function backlogOf({subscription}: Look): number {
  return subscription.msgBacklog ?? Number.NaN
}

/** epoch ms; 0 for never since the topic was loaded */
function ackedAt({subscription}: Look): number {
  return Math.max(0, ...(subscription.consumers ?? []).map(({lastAckedTimestamp = 0}) => lastAckedTimestamp))
}

function markDeletedAt({subscription}: Look): number {
  return subscription.lastMarkDeleteAdvancedTimestamp ?? 0
}

function tellsAcks({subscription}: Look): boolean {
  const {consumers = [], msgBacklog} = subscription
  return msgBacklog !== undefined && consumers.every(({lastAckedTimestamp}) => lastAckedTimestamp !== undefined)
}

function isBack(before: Look, now: Look): boolean {
  const fell = (one: number | undefined, other: number | undefined): boolean =>
    one !== undefined && other !== undefined && other < one
  return (
    fell(before.stats.msgInCounter, now.stats.msgInCounter) ||
    fell(before.subscription.msgOutCounter, now.subscription.msgOutCounter)
  )
}

import type {LockFamily} from '../families/family.js'
import {fillTemplate} from '../families/template.js'
import {printable, type SampledKey} from '../reading/sampled-key.js'
import type {LockBehavior, RecognizedCompanion} from './recognized-lock.js'

/** The keys of a lock's wait queue, and how each waiter is notified. */
export interface WaitQueueKeys {
  /** list of waiters, the next one first */
  readonly queue: string
  /** zset of the waiters' deadlines */
  readonly deadlines: string
  /** prefix and suffix of a waiter's channel name */
  readonly channel: readonly [before: string, after: string]
}

/** A wait queue that a scan found by its own key. */
export interface WaitQueueSample extends WaitQueueKeys {
  readonly raw: SampledKey
  readonly family: LockFamily
  /** possible keys of its lock: with and without braces */
  readonly locks: readonly string[]
  readonly waiters: readonly string[]
  readonly notify: {readonly channel: string; readonly message: string}
}

export interface WaitQueueState {
  /** the lock that they wait for; null when it is not held */
  readonly lock: string | null
  readonly waiters: readonly string[]
  /** waiters without a subscriber on their channel; null when unknown */
  readonly disconnected: readonly string[] | null
}

/** The wait queue of a lock whose clients behave like this; null without wait queues. */
export function waitQueueOf(
  key: string,
  {companions, groups, release}: Pick<LockBehavior, 'companions' | 'groups' | 'release'>,
): WaitQueueKeys | null {
  const notify = release.how === 'never' ? undefined : release.notify
  if (notify?.by !== 'publish' || notify.waiterChannel === undefined) return null
  const named = (role: string): string | null =>
    fillTemplate(companions.find((one) => one.role === role)?.key ?? '*', key, groups)
  const [queue, deadlines] = [named('waiters'), named('deadlines')]
  const [before, after] = (fillTemplate(notify.waiterChannel, key, {...groups, waiter: '\0'}) ?? '').split('\0')
  if (queue === null || deadlines === null || before === undefined || after === undefined) return null
  return {queue, deadlines, channel: [before, after]}
}

/** A companion key as a wait queue; null when it is not a wait queue, or its lock is unknown. */
export function asWaitQueue(raw: SampledKey, {family, locks, role}: RecognizedCompanion): WaitQueueSample | null {
  const [key] = locks
  if (role !== 'waiters' || raw.type !== 'list' || key === undefined) return null
  const {companions = [], release} = family
  const keys = waitQueueOf(key, {companions, release, groups: {}})
  const notify = release.how === 'never' ? undefined : release.notify
  if (keys?.queue !== raw.name || notify?.by !== 'publish') return null
  const [channel, message] = [fillTemplate(notify.channel, key, {}), fillTemplate(notify.message, key, {})]
  if (channel === null || message === null) return null
  return {
    ...keys,
    raw,
    family,
    locks,
    waiters: raw.entries.map(([waiter]) => printable(waiter)),
    notify: {channel, message},
  }
}

import type {LockFamily} from '../families/family.js'
import {fillTemplate} from '../families/template.js'
import {printable, type SampledKey} from '../reading/sampled-key.js'
import type {RecognizedCompanion} from './recognize.js'

/** Where those who wait for a lock stand in line, and how each of them is told. */
export interface WaitQueueKeys {
  /** a list of waiters, the next one first */
  readonly queue: string
  /** a zset of their deadlines */
  readonly deadlines: string
  /** the channel of a waiter is its name between these two */
  readonly channel: readonly [before: string, after: string]
}

/** The line of a lock, met in a scan by itself. */
export interface WaitQueueSample extends WaitQueueKeys {
  readonly raw: SampledKey
  readonly family: LockFamily
  /** of which one is its lock: that there are two names is a matter of braces */
  readonly locks: readonly string[]
  readonly waiters: readonly string[]
  readonly notify: {readonly channel: string; readonly message: string}
}

export interface WaitQueueState {
  /** the lock that they wait for; null where nobody holds it */
  readonly lock: string | null
  readonly waiters: readonly string[]
  /** those for whom nobody listens; null where that can't be told */
  readonly disconnected: readonly string[] | null
}

/**
 * Where those who wait for a lock of this family stand in line; null for what has no line.
 *
 * @param groups what the form's named groups found in the key.
 */
export function waitQueueOf(
  key: string,
  {companions = [], release}: LockFamily,
  groups: Readonly<Record<string, string>>,
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

/** The line that a key is; null for one that is none, or of which can't be told whose it is. */
export function asWaitQueue(raw: SampledKey, {family, locks, role}: RecognizedCompanion): WaitQueueSample | null {
  const [key] = locks
  if (role !== 'waiters' || raw.type !== 'list' || key === undefined) return null
  const {release} = family
  const keys = waitQueueOf(key, family, {})
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

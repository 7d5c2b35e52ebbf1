import {digestOf} from '../../../digest.js'
import {Conflict, Usage} from '../../../errors.js'
import {suggestedCommand, watchFlags} from '../../../suggested-command.js'
import {counted, durationText} from '../../../wording.js'
import type {CompiledFamilies} from '../families/compiled.js'
import type {ReleaseProtocol} from '../families/family.js'
import {fillTemplate, tagged} from '../families/template.js'
import {waitQueueOf, type WaitQueueSample, type WaitQueueState} from '../recognition/wait-queue.js'
import {printable, type SampledKey} from '../reading/sampled-key.js'
import type {LockHolder, RecognizedLock, Unrecognized} from '../recognition/recognized-lock.js'
import {type LockLimits, lockRecord, type LockRecord, waitQueueRecord} from '../recognition/lock-record.js'

/** What a release does with one lock. */
export interface ReleaseEffect {
  /**
   * `delete` deletes the lock; `expire` sets a TTL; `remove-holder` removes one of several holders; `remove-waiters` removes
   * disconnected waiters from a wait queue; `keep` changes nothing, with the reason.
   */
  action: 'delete' | 'expire' | 'keep' | 'remove-holder' | 'remove-waiters'
  /** why the lock is kept, or in `locks inspect` why its release needs a watch */
  reason: string | null
  /** the holder to remove; null when the lock is released completely */
  holder: LockHolder | null
  /** the TTL that `expire` sets, in ms */
  graceMs: number | null
  /** other keys to delete */
  alsoDelete: string[]
  waitQueue: {
    queue: string
    deadlines: string
    /** waiters without a subscriber on their channel */
    disconnected: string[]
    /** prefix and suffix of a waiter's channel name */
    channel: [before: string, after: string]
  } | null
  notify:
    | {by: 'publish'; channel: string; message: string}
    | {by: 'push'; list: string; element: string; expireMs: number}
    | null
  /**
   * How long the lock is watched before it is released, in ms; null when it is not watched. For `keep`, how long it would have
   * to be watched to be released; null when that does not help.
   */
  watchMs: number | null
}

/** The planned release of one lock, with the snapshot that must be unchanged. Bytes are base64. */
export interface PlannedRelease extends ReleaseEffect {
  lock: LockRecord
  snapshot: {
    keyBase64: string
    type: string
    entriesBase64: Array<[token: string, entry: string | null]>
    /** −1 for a lock that never expires */
    expiresAtMs: number
  }
}

export interface ReleasePlan {
  format: 'keyshift.release-plan/v1'
  createdAt: string
  expiresAt: string
  address: string
  releases: PlannedRelease[]
  /** SHA-256 of the other fields */
  digest: string
}

/** How locks are released. */
export interface ReleaseMode extends LockLimits {
  /** `hard` deletes locks, `soft` sets a TTL on them, `auto` sets a TTL on locks without one and deletes the others */
  readonly how: 'auto' | 'hard' | 'soft'
  /** the TTL to set, in ms */
  readonly graceMs: number
  /** the token of the only holder to remove; null for all */
  readonly holder: string | null
  /** how long each lock is watched before it is released, in ms; null for no watch */
  readonly watchMs: number | null
}

export interface ReleasePlanOptions extends ReleaseMode {
  readonly families: CompiledFamilies
  readonly now: Date
  readonly validForMs: number
}

/** The current sample of a lock, and the disconnected waiters in its wait queue. */
export interface KeyToRelease {
  readonly raw: SampledKey
  readonly found: RecognizedLock | Unrecognized
  readonly disconnected: readonly string[]
  /** whether a scan has shown that its holder has exited */
  readonly isAbandoned: boolean
}

/** Plans the release of one lock, or keeps it with a reason. */
export function planRelease({disconnected, found, isAbandoned, raw}: KeyToRelease, mode: ReleaseMode): PlannedRelease {
  const lock = lockRecord(raw, found, mode)
  const kept = keepAction(lock, raw)
  const reason = reasonNotComparable(raw) ?? (found.kind === 'lock' ? reasonNotLock(found) : reasonUnknown(mode))
  if (reason !== null) return {...kept, reason}
  const inUse = found.kind === 'lock' ? reasonInUse(lock, found, isAbandoned, mode) : null
  if (inUse !== null) return {...kept, ...inUse}
  const base = {...kept, watchMs: mode.watchMs}
  if (found.kind !== 'lock') return {...base, action: 'delete'}
  if (mode.holder !== null) {
    const holder = found.holders.find(({token}) => token === mode.holder)
    if (!holder) return {...base, reason: 'the lock has no such holder'}
    if (found.holders.length > 1) return planHolderRemoval(base, {raw, found, holder}, mode.how)
  }
  const isSoft = mode.how === 'soft' || (mode.how === 'auto' && raw.expiresAtMs < 0)
  const parts = partsOf(raw, found, disconnected)
  if (!isSoft) return {...base, action: 'delete', ...parts}
  return {...base, action: 'expire', graceMs: mode.graceMs, notify: parts.notify, waitQueue: parts.waitQueue}
}

/** Waiters are not notified, because the other holders still hold the lock. */
function planHolderRemoval(
  base: PlannedRelease,
  {found, holder, raw}: {readonly raw: SampledKey; readonly found: RecognizedLock; readonly holder: LockHolder},
  how: ReleaseMode['how'],
): PlannedRelease {
  const {release} = found.behavior
  if (raw.expiresAtMs < 0 && how !== 'hard') {
    return {
      ...base,
      reason: 'the lock has no TTL, and a TTL cannot be set for one of several holders; remove the holder with --hard',
    }
  }
  const deletesHolds = release.how === 'compare-and-delete' && release.deletesCompanions?.includes('hold') === true
  return {...base, action: 'remove-holder', holder, alsoDelete: deletesHolds ? holdKeys(raw, [holder]) : []}
}

/** Removes disconnected waiters from a wait queue and notifies the next one; the lock itself does not change. */
export function planWaiterRemoval(waitQueue: WaitQueueSample, state: WaitQueueState): PlannedRelease {
  const base = keepAction(waitQueueRecord(waitQueue, state), waitQueue.raw)
  const {channel, deadlines, notify, queue} = waitQueue
  if (state.disconnected === null) return {...base, reason: 'it is unknown which waiters are disconnected'}
  if (state.disconnected.length === 0) return {...base, reason: 'all waiters are connected'}
  return {
    ...base,
    action: 'remove-waiters',
    waitQueue: {queue, deadlines, channel: [...channel], disconnected: [...state.disconnected]},
    notify: {by: 'publish', ...notify},
  }
}

/** The effect of a planned release, without the lock and its snapshot. */
export function effectOf(planned: PlannedRelease): ReleaseEffect {
  const {action, alsoDelete, graceMs, holder, notify, reason, waitQueue, watchMs} = planned
  return {action, reason, holder, graceMs, alsoDelete, waitQueue, notify, watchMs}
}

function keepAction(lock: LockRecord, raw: SampledKey): PlannedRelease {
  return {
    lock,
    action: 'keep',
    reason: null,
    holder: null,
    graceMs: null,
    snapshot: {
      keyBase64: raw.key.toString('base64'),
      type: raw.type,
      entriesBase64: raw.entries.map(([token, entry]) => [
        token.toString('base64'),
        entry === null ? null : entry.toString('base64'),
      ]),
      expiresAtMs: raw.expiresAtMs,
    },
    alsoDelete: [],
    waitQueue: null,
    notify: null,
    watchMs: null,
  }
}

/** The number of entries that one sample reads. */
const MOST_ENTRIES = 64

/** Why a lock is never released; null for all others. */
function reasonNotLock({behavior, holderCount}: RecognizedLock): string | null {
  if (behavior.release.how === 'never') return behavior.release.instead
  return holderCount === 0 ? 'its value says that no client holds it' : null
}

type InUse = Pick<PlannedRelease, 'reason' | 'watchMs'>

/**
 * Why the holder of a lock may be active; null when the plan shows that it has exited, or the operator releases the lock on
 * purpose. A watch for as long as a holder may work shows it for every lock with a token of its own.
 */
function reasonInUse(
  {heldAtLeastMs, ttlMs, verdicts}: LockRecord,
  {family, hasConstantToken, holderCount}: RecognizedLock,
  isAbandoned: boolean,
  mode: ReleaseMode,
): InUse | null {
  const {holder, how, maxHoldMs} = mode
  // One of several holders is removed by its token, which the operator gives.
  if (holder !== null && holderCount > 1) return null
  const isEndless = verdicts.includes('no-ttl')
  const isWatched = isWatchedForWork(mode)
  if (isEndless && hasConstantToken) {
    return isWatched && how === 'hard' ? null : {reason: `${CONSTANT}; ${watchOnPurpose(mode)}`, watchMs: null}
  }
  if (isWatched) return null
  if (isEndless && family?.isTokenUnique !== true) {
    return {reason: SAME_TOKEN, watchMs: maxHoldMs}
  }
  if (isAbandoned || how === 'hard' || (isEndless && (heldAtLeastMs ?? 0) >= maxHoldMs)) return null
  const reason = isEndless
    ? `its holder may be active: it has been held for at least ${durationText(heldAtLeastMs ?? 0)}, and a holder may work for ${durationText(maxHoldMs)} (--max-hold)`
    : `its holder may be active; without a renewal it expires in ${durationText(ttlMs ?? 0)}`
  return {reason, watchMs: maxHoldMs}
}

function reasonUnknown(mode: ReleaseMode): string | null {
  if (isWatchedForWork(mode) && mode.how === 'hard') return null
  return `its format is unknown, so it is possibly not a lock; ${watchOnPurpose(mode)}`
}

/** Whether the lock is watched for as long as a holder may work. */
function isWatchedForWork({maxHoldMs, watchMs}: ReleaseMode): boolean {
  return watchMs !== null && watchMs >= maxHoldMs
}

/** How the operator releases a key that does not show that it is a stuck lock. */
function watchOnPurpose({maxHoldMs}: ReleaseMode): string {
  return `if you know that it is a stuck lock, plan its release by name with --hard ${watchFlags(maxHoldMs).join(' ')}`
}

const CONSTANT = 'it has a constant token and no TTL, so a new holder cannot be distinguished'
const SAME_TOKEN =
  'it has no TTL and its token may be the same each time, so only a watch shows that no new holder has acquired it'

function reasonNotComparable({entries, type}: SampledKey): string | null {
  if (!['hash', 'string', 'zset'].includes(type)) return `a ${type} cannot be compared in one step`
  if (entries.length === 0) return 'its value is too long to be compared'
  if (entries.length <= MOST_ENTRIES) return null
  return `it has more than ${counted(MOST_ENTRIES, 'holder')}, which cannot be compared in one step`
}

type Parts = Pick<PlannedRelease, 'alsoDelete' | 'notify' | 'waitQueue'>

/** What is deleted with a lock, its wait queue, and how waiters are notified. */
function partsOf(raw: SampledKey, {behavior, holders}: RecognizedLock, disconnected: readonly string[]): Parts {
  const key = raw.name
  const {groups, release} = behavior
  if (release.how === 'never') return {alsoDelete: [], waitQueue: null, notify: null}
  const {deletesCompanions = [], notify} = release
  const fill = (template: string): string | null => fillTemplate(template, key, groups)
  const waitQueue = waitQueueOf(key, behavior)
  return {
    alsoDelete: deletesCompanions.includes('hold') ? holdKeys(raw, holders) : [],
    waitQueue: waitQueue && {...waitQueue, channel: [...waitQueue.channel], disconnected: [...disconnected]},
    notify: notificationOf(notify, fill),
  }
}

function notificationOf(
  notify: Extract<ReleaseProtocol, {how: 'compare-and-delete'}>['notify'],
  fill: (template: string) => string | null,
): PlannedRelease['notify'] {
  if (notify?.by === 'publish') {
    const [channel, message] = [fill(notify.channel), fill(notify.message)]
    return channel === null || message === null ? null : {by: 'publish', channel, message}
  }
  if (notify?.by !== 'push') return null
  const list = fill(notify.list)
  return list === null ? null : {by: 'push', list, element: notify.element, expireMs: notify.expireMs}
}

/** Redisson keeps one key per acquisition of a read-write lock: `{name}:uuid:thread:rwlock_timeout:n`, from 1 to the count. */
function holdKeys({entries, name}: SampledKey, holders: readonly LockHolder[]): string[] {
  const counts = new Map(entries.map(([token, count]) => [printable(token), Number(count?.toString() ?? 1)]))
  return holders.flatMap(({token}) =>
    Array.from(
      {length: counts.get(token) ?? 0},
      (_, at) => `${tagged(name)}:${token}:rwlock_timeout:${String(at + 1)}`,
    ),
  )
}

/** @returns the plan with its digest, sorted by key. */
export function releasePlan(
  address: string,
  releases: readonly PlannedRelease[],
  options: ReleasePlanOptions,
): ReleasePlan {
  const body: Omit<ReleasePlan, 'digest'> = {
    format: 'keyshift.release-plan/v1',
    createdAt: options.now.toISOString(),
    expiresAt: new Date(options.now.getTime() + options.validForMs).toISOString(),
    address,
    releases: releases.toSorted((a, b) => a.lock.key.localeCompare(b.lock.key)),
  }
  return {...body, digest: digestOf(body)}
}

/**
 * Parses a plan file.
 *
 * @throws Usage E_PLAN_FILE when it is not a release plan; Conflict E_PLAN_ALTERED, E_PLAN_EXPIRED, or E_PLAN_STALE for
 *   another Redis.
 */
export function parseReleasePlan(
  text: string,
  {address, file, now}: {address: string; file: string; now: Date},
): ReleasePlan {
  let parsed: Partial<ReleasePlan> | null = null
  try {
    parsed = JSON.parse(text) as Partial<ReleasePlan> | null
  } catch {
    // reported as E_PLAN_FILE below
  }
  const next = [suggestedCommand('locks', 'release', 'KEY', '-o', file)]
  if (parsed?.format !== 'keyshift.release-plan/v1') {
    // The file belongs to another program, so the command must not replace it.
    const other = [suggestedCommand('locks', 'release', 'KEY', '-o', 'plan.json')]
    throw new Usage('E_PLAN_FILE', `${file} is not a keyshift release plan`, {data: {file}, next: other})
  }
  const plan = parsed as ReleasePlan
  if (plan.digest !== digestOf(plan)) {
    throw new Conflict('E_PLAN_ALTERED', `plan ${file} modified after creation (digest mismatch)`, {
      data: {file},
      next,
    })
  }
  if (now.toISOString() > plan.expiresAt) {
    throw new Conflict(
      'E_PLAN_EXPIRED',
      `the plan expired at ${plan.expiresAt}; make a new one, because locks change quickly`,
      {
        data: {expiresAt: plan.expiresAt},
        next,
      },
    )
  }
  if (plan.address !== address) {
    throw new Conflict('E_PLAN_STALE', `the plan was made for Redis at ${plan.address}, not for ${address}`, {
      data: {planned: plan.address, found: address},
      next: [suggestedCommand('locks', 'release', '--execute', file, '--reason', 'TEXT', '--redis-url', plan.address)],
    })
  }
  return plan
}

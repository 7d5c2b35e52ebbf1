import {digestOf} from '../../../digest.js'
import {Conflict, Usage} from '../../../errors.js'
import type {CompiledFamilies} from '../families/compiled.js'
import {fillTemplate, tagged} from '../families/template.js'
import {waitQueueOf, type WaitQueueSample, type WaitQueueState} from '../recognition/wait-queue.js'
import {printable, type SampledKey} from '../reading/sampled-key.js'
import type {LockHolder, RecognizedLock, Unrecognized} from '../recognition/recognize.js'
import {type LockLimits, lockRecord, type LockRecord, waitQueueRecord} from '../recognition/lock-record.js'

/** One lock that is to be released, with all that has to be the same still. Bytes are base64. */
export interface PlannedRelease {
  lock: LockRecord
  /**
   * `delete`; `expire` to let it expire after the grace; `remove-holder` to take one of its holders out and leave it to the others;
   * `remove-waiters` to take dead waiters out of a line; `keep` with the reason why.
   */
  action: 'delete' | 'expire' | 'keep' | 'remove-holder' | 'remove-waiters'
  reason: string | null
  /** who is taken out; null where all are */
  holder: LockHolder | null
  graceMs: number | null
  snapshot: {
    keyBase64: string
    type: string
    entriesBase64: Array<[token: string, entry: string | null]>
    /** −1 for a lock that never expires */
    expiresAtMs: number
  }
  alsoDelete: string[]
  waitQueue: {
    queue: string
    deadlines: string
    /** those whom nobody listens for */
    disconnected: string[]
    channel: [before: string, after: string]
  } | null
  notify:
    | {by: 'publish'; channel: string; message: string}
    | {by: 'push'; list: string; element: string; expireMs: number}
    | null
}

export interface ReleasePlan {
  format: 'keyshift.release-plan/v1'
  createdAt: string
  expiresAt: string
  address: string
  releases: PlannedRelease[]
  /** SHA-256 over everything above */
  digest: string
}

export interface ReleasePlanOptions extends LockLimits {
  readonly families: CompiledFamilies
  /** `auto`: let a lock without TTL, whose holder may live, expire; delete the others */
  readonly how: 'auto' | 'hard' | 'soft'
  readonly graceMs: number
  /** the token of the only holder that is to go; null for all */
  readonly holder: string | null
  readonly now: Date
  readonly validForMs: number
}

/** A lock as it is now, and who waits for it in line without being there any more. */
export interface KeyToRelease {
  readonly raw: SampledKey
  readonly found: RecognizedLock | Unrecognized
  readonly disconnected: readonly string[]
}

/** What a release does with one lock, or why it keeps it. */
export function planRelease({disconnected, found, raw}: KeyToRelease, options: ReleasePlanOptions): PlannedRelease {
  const lock = lockRecord(raw, found, options)
  const base = keepAction(lock, raw)
  const reason =
    found.kind === 'lock' ? reasonToKeep(raw, found) : 'its format is not known: nothing proves that it is a lock'
  if (reason !== null || found.kind !== 'lock') return {...base, reason}
  if (options.holder !== null) {
    const holder = found.holders.find(({token}) => token === options.holder)
    if (!holder) return {...base, reason: 'it has no such holder'}
    if (found.holders.length > 1) return planHolderRemoval(base, {raw, found, holder}, options.how)
  }
  const isSoft = options.how === 'soft' || (options.how === 'auto' && raw.expiresAtMs < 0)
  if (isSoft) return {...base, action: 'expire', graceMs: options.graceMs}
  return {...base, action: 'delete', ...partsOf(raw, found, disconnected)}
}

/** Nobody is told: the others hold it still, so it is free for nobody. */
function planHolderRemoval(
  base: PlannedRelease,
  {found, holder, raw}: {readonly raw: SampledKey; readonly found: RecognizedLock; readonly holder: LockHolder},
  how: ReleasePlanOptions['how'],
): PlannedRelease {
  const {release} = found.family
  if (raw.expiresAtMs < 0 && how !== 'hard') {
    return {...base, reason: 'it has no TTL, and one of several holders can not be given one: --hard takes it out'}
  }
  const deletesHolds = release.how === 'compare-and-delete' && release.deletesCompanions?.includes('hold') === true
  return {...base, action: 'remove-holder', holder, alsoDelete: deletesHolds ? holdKeys(raw, [holder]) : []}
}

/** Takes the dead out of a line, and tells the next one; the lock that they wait for is left as it is. */
export function planWaiterRemoval(waitQueue: WaitQueueSample, state: WaitQueueState): PlannedRelease {
  const base = keepAction(waitQueueRecord(waitQueue, state), waitQueue.raw)
  const {channel, deadlines, notify, queue} = waitQueue
  if (state.disconnected === null) return {...base, reason: 'who of them is dead can not be told'}
  if (state.disconnected.length === 0) return {...base, reason: 'somebody listens for each who waits in it'}
  return {
    ...base,
    action: 'remove-waiters',
    waitQueue: {queue, deadlines, channel: [...channel], disconnected: [...state.disconnected]},
    notify: {by: 'publish', ...notify},
  }
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
  }
}

/** As many as a look reads. */
const MOST_ENTRIES = 64

function reasonToKeep(
  {entries, expiresAtMs, type}: SampledKey,
  {family, hasConstantToken}: RecognizedLock,
): string | null {
  if (family.release.how === 'never') return family.release.instead
  if (!['hash', 'string', 'zset'].includes(type)) return `a ${type} can't be compared as a whole`
  if (entries.length > MOST_ENTRIES) return 'it has more holders than are compared'
  if (hasConstantToken && expiresAtMs < 0) {
    return 'its token names nobody and it has no TTL: one that was taken again looks the same'
  }
  return null
}

type Parts = Pick<PlannedRelease, 'alsoDelete' | 'notify' | 'waitQueue'>

/** What goes with a lock, who waits for it, and how they are told. */
function partsOf(raw: SampledKey, {family, groups, holders}: RecognizedLock, disconnected: readonly string[]): Parts {
  const key = raw.name
  if (family.release.how === 'never') return {alsoDelete: [], waitQueue: null, notify: null}
  const {deletesCompanions = [], notify} = family.release
  const fill = (template: string): string | null => fillTemplate(template, key, groups)
  const waitQueue = waitQueueOf(key, family, groups)
  return {
    alsoDelete: deletesCompanions.includes('hold') ? holdKeys(raw, holders) : [],
    waitQueue: waitQueue && {...waitQueue, channel: [...waitQueue.channel], disconnected: [...disconnected]},
    notify: notificationOf(notify, fill),
  }
}

function notificationOf(
  notify: Extract<RecognizedLock['family']['release'], {how: 'compare-and-delete'}>['notify'],
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

/** Redisson keeps a key for each hold of a read-write lock: `{name}:uuid:thread:rwlock_timeout:n`, from 1 to the count. */
function holdKeys({entries, name}: SampledKey, holders: readonly LockHolder[]): string[] {
  const counts = new Map(entries.map(([token, count]) => [printable(token), Number(count?.toString() ?? 1)]))
  return holders.flatMap(({token}) =>
    Array.from(
      {length: counts.get(token) ?? 0},
      (_, at) => `${tagged(name)}:${token}:rwlock_timeout:${String(at + 1)}`,
    ),
  )
}

/** @returns the plan with its digest; locks sorted by key. */
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
 * Reads a plan file's text.
 *
 * @throws Usage E_PLAN_FILE when it is no such plan; Conflict E_PLAN_ALTERED, E_PLAN_EXPIRED, E_PLAN_STALE for another Redis.
 */
export function parseReleasePlan(
  text: string,
  {address, file, now}: {address: string; file: string; now: Date},
): ReleasePlan {
  let parsed: Partial<ReleasePlan> | null = null
  try {
    parsed = JSON.parse(text) as Partial<ReleasePlan> | null
  } catch {
    // said below
  }
  const next = [`keyshift locks release KEY… -o ${file}`]
  if (parsed?.format !== 'keyshift.release-plan/v1') {
    throw new Usage('E_PLAN_FILE', `${file} is not a release plan of keyshift`, {data: {file}, next})
  }
  const plan = parsed as ReleasePlan
  if (plan.digest !== digestOf(plan)) {
    throw new Conflict('E_PLAN_ALTERED', `${file} was changed after it was made: its digest does not fit`, {
      data: {file},
      next,
    })
  }
  if (now.toISOString() > plan.expiresAt) {
    throw new Conflict(
      'E_PLAN_EXPIRED',
      `the plan expired at ${plan.expiresAt}: locks change too fast for an old one`,
      {
        data: {expiresAt: plan.expiresAt},
        next,
      },
    )
  }
  if (plan.address !== address) {
    throw new Conflict('E_PLAN_STALE', `the plan is for Redis at ${plan.address}, not for ${address}`, {
      data: {planned: plan.address, found: address},
      next: [`keyshift locks release --execute ${file} --redis-url ${plan.address}`],
    })
  }
  return plan
}

import type {CompiledFamilies, CompiledForm} from '../families/compiled.js'
import type {LockCompanion, LockFamily, LockForm} from '../families/family.js'
import {fillTemplate, untagged} from '../families/template.js'
import {printable, type SampledKey} from '../reading/sampled-key.js'

export interface LockHolder {
  /** exactly as stored, because a release compares it; base64:… when it is not UTF-8 text */
  token: string
  host: string | null
  pid: number | null
  thread: number | null
  /** the name that the holder wrote into the token */
  consumer: string | null
  /** the id that the library generated for the process */
  instance: string | null
}

/** A lock with a known format. Times are epoch ms, null when the format does not contain them. */
export interface RecognizedLock {
  readonly kind: 'lock'
  readonly family: LockFamily
  /** a semaphore and a read lock can have several */
  readonly holders: readonly LockHolder[]
  /** how many times its only holder has acquired it; null when the format does not contain it */
  readonly reentrancy: number | null
  readonly acquiredAtMs: number | null
  /** the expiry in the value */
  readonly endsAtMs: number | null
  readonly hasConstantToken: boolean
  /** whether it has more holders than its format allows */
  readonly hasTooMany: boolean
  readonly confidence: number
  readonly lookalikes: readonly string[]
  /** the named groups that the form found in the key, for the templates of the family */
  readonly groups: Readonly<Record<string, string>>
}

/** A key that belongs to a lock. */
export interface RecognizedCompanion {
  readonly kind: 'companion'
  readonly family: LockFamily
  readonly role: LockCompanion['role']
  /** possible keys of its lock; empty when it belongs to all locks of the family */
  readonly locks: readonly string[]
  /** whether it is a leak when it has no TTL and its lock does not exist */
  readonly needsLock: boolean
}

/** Neither a lock nor a companion. `hasWrongType`: the key name identifies a family that does not use this Redis type. */
export interface Unrecognized {
  readonly kind: 'unknown'
  readonly hasWrongType: boolean
}

export type Recognized = RecognizedCompanion | RecognizedLock | Unrecognized

const WORDS = '(?:[lL]ock(?:s|ed)?|[mM]utex(?:es)?|[sS]emaphores?|[lL]eases?|[lL]eader)'
/** Matches keys that contain a word for a lock: `order-lock:7`, `orderLock:7`, `LOCK_7`; not `clock:7`, `block:7`, `leaderboard`. */
const LOCK_WORD = new RegExp(
  `(?<![A-Za-z])${WORDS}(?![a-z])|(?<=[a-z])(?=[A-Z])${WORDS}(?![a-z])|(?<![A-Z])LOCKS?(?![A-Z])`,
)
/** These tokens do not identify a holder, because every holder writes the same one. */
const CONSTANT_TOKEN = /^(?:1|true|yes|ok|lock|locked)$/i

/**
 * Recognizes a key with the given families; the first match decides.
 *
 * @param isExpected whether the user's pattern says that the key is a lock. Forms that need context match only then, or when
 *   the key name contains a word for a lock.
 */
export function recognize(raw: SampledKey, families: CompiledFamilies, isExpected: boolean): Recognized {
  const key = raw.name
  const companion = recognizeCompanion(key, raw.type, families)
  if (companion) return companion
  const mayBeWeak = isExpected || LOCK_WORD.test(key)
  let entries: Entry[] | null = null
  for (const compiled of families.forms.get(raw.type) ?? []) {
    if (compiled.form.needsContext === true && !mayBeWeak) continue
    const found = compiled.key === null ? null : compiled.key.exec(key)
    if (compiled.key !== null && found === null) continue
    entries ??= raw.entries.map(([token, entry]) => [printable(token), entry === null ? null : printable(entry)])
    const lock = fit(compiled, entries, {...found?.groups}, raw)
    if (lock) return lock
  }
  return {kind: 'unknown', hasWrongType: hasWrongType(key, raw.type, families)}
}

/** Whether the key name identifies a family that does not store locks in this Redis type. */
function hasWrongType(key: string, type: string, {named}: CompiledFamilies): boolean {
  const fitting = named.filter((one) => one.key?.test(key))
  return fitting.length > 0 && fitting.every(({form}) => form.type !== type)
}

type Entry = readonly [token: string, entry: string | null]

function recognizeCompanion(key: string, type: string, {companions}: CompiledFamilies): RecognizedCompanion | null {
  for (const {companion, family, key: expression} of companions.get(type) ?? []) {
    const match = expression.exec(key)
    if (match) {
      const {lock, role} = companion
      const locks = locksOf(match.groups ?? {}, lock)
      return {kind: 'companion', family, role, locks, needsLock: lock !== undefined}
    }
  }
  return null
}

function locksOf(groups: Readonly<Record<string, string>>, template: string | undefined): string[] {
  const {key, tagged} = groups
  if (template !== undefined) return [fillTemplate(template, '', groups) ?? ''].filter((name) => name !== '')
  if (tagged !== undefined) return untagged(tagged)
  return key === undefined ? [] : [key]
}

function fit(
  {entry: entryExpression, family, form, token: expression}: CompiledForm,
  entries: readonly Entry[],
  groups: Readonly<Record<string, string>>,
  raw: SampledKey,
): RecognizedLock | null {
  const extraField = form.requiredField ?? form.optionalField
  const holders = entries.filter(([token]) => token !== extraField)
  const hasTooMany = form.holders !== 'many' && holders.length > 1
  if (holders.length === 0 || (hasTooMany && form.needsContext === true)) return null
  if (form.requiredField !== undefined && holders.length === entries.length) return null
  const found = holders.map(([token, entry]) => {
    const inToken = expression.exec(token)
    const inEntry = entryExpression === null ? null : entryExpression.exec(entry ?? '')
    if (inToken === null || (entryExpression !== null && inEntry === null)) return null
    return {token, groups: {...inToken.groups, ...inEntry?.groups}}
  })
  if (!found.every((one) => one !== null)) return null
  if (!found.every((one) => isPlausible(one.groups, form, raw))) return null
  const counts = found.map(({groups: {count}}) => count)
  return {
    kind: 'lock',
    family,
    holders: found.map((one) => holderOf(one.token, one.groups)),
    reentrancy: found.length === 1 && counts[0] !== undefined ? Number(counts[0]) : null,
    acquiredAtMs: earliest(found.map((one) => acquiredAtMs(one.groups))),
    endsAtMs: latest(found.map((one) => endsAtMs(one.groups))),
    hasTooMany,
    hasConstantToken: found.every(({token}) => CONSTANT_TOKEN.test(token)),
    confidence: form.confidence,
    lookalikes: form.lookalikes ?? [],
    groups,
  }
}

type Groups = Readonly<Record<string, string | undefined>>

function holderOf(token: string, {consumer, host, instance, pid, thread}: Groups): LockHolder {
  return {
    token,
    host: host ?? null,
    pid: pid === undefined ? null : Number(pid),
    thread: thread === undefined ? null : Number(thread),
    consumer: consumer ?? null,
    instance: instance ?? null,
  }
}

function acquiredAtMs({acquiredAt, acquiredAtSeconds, uuid1}: Groups): number | null {
  if (acquiredAt !== undefined) return Number.isNaN(Date.parse(acquiredAt)) ? null : Date.parse(acquiredAt)
  if (acquiredAtSeconds !== undefined) return Math.round(Number(acquiredAtSeconds) * 1000)
  return uuid1 === undefined ? null : uuid1TimeMs(uuid1)
}

function endsAtMs({expiresAtMs, expiresAtSeconds}: Groups): number | null {
  if (expiresAtMs !== undefined) return Number(expiresAtMs)
  return expiresAtSeconds === undefined ? null : Math.round(Number(expiresAtSeconds) * 1000)
}

/** The time from 15 October 1582, the epoch of UUIDs, to 1970, in units of 100 ns. @see RFC 9562 §5.1 */
const UUID_EPOCH = 0x01_b2_1d_d2_13_81_40_00n

/** The time in a version 1 UUID, given as 32 hex digits. */
function uuid1TimeMs(hex: string): number {
  const steps = BigInt(`0x${hex.slice(13, 16)}${hex.slice(8, 12)}${hex.slice(0, 8)}`)
  return Number((steps - UUID_EPOCH) / 10_000n)
}

const OLDEST_MS = Date.parse('2015-01-01T00:00:00Z')
const DAY_MS = 86_400_000
const LONGEST_RENEWED_MS = 90 * DAY_MS

/**
 * One in 64 random tokens has the form of a version 1 UUID, but very few of these contain a plausible time. When only the
 * token identifies the format, a lock with a TTL must not be older than the longest plausible series of renewals.
 */
function isPlausible({uuid1}: Groups, {needsContext}: LockForm, {atMs, expiresAtMs}: SampledKey): boolean {
  if (uuid1 === undefined) return true
  const timeMs = uuid1TimeMs(uuid1)
  const oldestMs = needsContext === true && expiresAtMs >= 0 ? atMs - LONGEST_RENEWED_MS : OLDEST_MS
  return timeMs > oldestMs && timeMs < atMs + DAY_MS
}

function earliest(times: ReadonlyArray<number | null>): number | null {
  const known = times.filter((time) => time !== null)
  return known.length === 0 ? null : Math.min(...known)
}

function latest(times: ReadonlyArray<number | null>): number | null {
  const known = times.filter((time) => time !== null)
  return known.length === 0 ? null : Math.max(...known)
}

import type {CompiledForm} from '../families/compiled.js'
import type {LockForm} from '../families/family.js'
import {HOME_MADE} from '../families/home-made.js'
import {printable, type SampledKey} from '../reading/sampled-key.js'
import type {LockHolder} from './recognized-lock.js'
import {looksRandom, tokenText, type Wrapping} from './token-text.js'

/** The value of a key as text. */
export interface StoredValue {
  readonly entries: readonly StoredEntry[]
  /** how the value of a string is wrapped; null when it is not */
  readonly wrapping: Wrapping | null
  /** the length of the text of a string; undefined for the other types */
  readonly length?: number
}

interface StoredEntry {
  /** exactly as stored */
  readonly token: string
  /** the token without its wrapping */
  readonly text: string
  readonly entry: string | null
}

export function storedValue({entries, type}: SampledKey): StoredValue {
  if (type === 'string') {
    const [bytes] = entries[0] ?? []
    if (bytes === undefined) return {entries: [], wrapping: null}
    const {text, wrapping} = tokenText(bytes)
    return {
      entries: [{token: wrapping === null ? text : printable(bytes), text, entry: null}],
      wrapping,
      length: text.length,
    }
  }
  const stored = entries.map(([token, entry]) => {
    const text = printable(token)
    return {token: text, text, entry: entry === null ? null : printable(entry)}
  })
  return {entries: stored, wrapping: null}
}

/** How a key fits one form of a family. */
export interface Fit {
  readonly compiled: CompiledForm
  /** what speaks for or against the family apart from the form: a sum of the constants of Trait */
  readonly traits: number
}

interface FoundHolder {
  readonly stored: StoredEntry
  readonly groups: Groups
}

/** What the value of a lock contains in the format of a family. Times are epoch ms. */
export interface Description {
  readonly holders: readonly LockHolder[]
  readonly holderCount: number
  readonly reentrancy: number | null
  readonly acquiredAtMs: number | null
  readonly endsAtMs: number | null
  readonly hasPastTime: boolean
  readonly hasTooMany: boolean
}

/** How a key fits a form whose key expression it matches; null when its value does not. Reads groups only where needed. */
export function fitForm(compiled: CompiledForm, value: StoredValue, raw: SampledKey): Fit | null {
  const {entry: entryExpression, form, isChecked, longest, shortest, token: expression} = compiled
  const stored = holdersIn(form, value)
  if (stored.length === 0 || (form.needsContext === true && form.holders !== 'many' && stored.length > 1)) return null
  if (form.requiredField !== undefined && stored.length === value.entries.length) return null
  for (const {entry, text} of stored) {
    if (text.length < shortest || text.length > longest || !expression.test(text)) return null
    if (entryExpression?.test(entry ?? '') === false) return null
    if (isChecked && !isPlausible(groupsOf(compiled, {entry, text}), form, raw)) return null
  }
  return {compiled, traits: traitsOf(compiled, value, raw)}
}

/** Reads the holders and times from a value that fits a form. */
export function describe(compiled: CompiledForm, value: StoredValue, {atMs, expiresAtMs}: SampledKey): Description {
  const {form} = compiled
  const found: FoundHolder[] = holdersIn(form, value).map((stored) => ({stored, groups: groupsOf(compiled, stored)}))
  const {count, holders: counted} = found[0]?.groups ?? NO_GROUPS
  const times = found.map(({groups}) => timesOf(groups, atMs))
  const isFree = found.some(({groups}) => groups['free'] !== undefined || groups['waiting'] !== undefined)
  return {
    holders: isFree ? [] : found.map(({groups, stored}) => holderOf(stored, groups)),
    holderCount: isFree ? 0 : counted === undefined ? found.length : Number(counted),
    reentrancy: found.length === 1 && count !== undefined ? Number(count) : null,
    acquiredAtMs: earliest(times.map((time) => time.acquiredAtMs)),
    endsAtMs: latest(times.map((time) => time.endsAtMs)),
    hasPastTime: expiresAtMs < 0 && times.some((time) => time.isPast),
    hasTooMany: form.holders !== 'many' && found.length > 1,
  }
}

const NO_GROUPS: Groups = {}

function holdersIn({optionalField, requiredField}: LockForm, {entries}: StoredValue): readonly StoredEntry[] {
  const extraField = requiredField ?? optionalField
  return extraField === undefined ? entries : entries.filter(({text}) => text !== extraField)
}

/** The named groups in a token and its entry. */
function groupsOf({entry, token}: CompiledForm, stored: Pick<StoredEntry, 'entry' | 'text'>): Groups {
  const inToken = token.exec(stored.text)?.groups ?? NO_GROUPS
  const inEntry = entry?.exec(stored.entry ?? '')?.groups
  return withUuid1(inEntry === undefined ? inToken : {...inToken, ...inEntry})
}

type Groups = Readonly<Record<string, string | undefined>>

/** A UUID of version 1 in base64 as one in hex; bytes of another version have an empty one, which is not plausible. */
function withUuid1(groups: Groups): Groups {
  const {uuid1Bytes} = groups
  if (uuid1Bytes === undefined) return groups
  const hex = Buffer.from(uuid1Bytes, 'base64').toString('hex')
  return {...groups, uuid1: /^.{12}1.{3}[89ab]/.test(hex) ? hex : ''}
}

const TRAIT = {withoutTtl: 1, usualTtl: 2, longerTtl: 4, wrapped: 8}
/** The number of sums of traits. */
export const TRAITS = 16
/** The error of an expiry that is computed from PTTL. */
const EXPIRY_ERROR_MS = 500

function traitsOf({family}: CompiledForm, {wrapping}: StoredValue, {atMs, expiresAtMs}: SampledKey): number {
  const {lease} = family
  const wrapped = wrapping !== null && family !== HOME_MADE ? TRAIT.wrapped : 0
  if (expiresAtMs < 0) return wrapped + (lease.alwaysExpires === true ? TRAIT.withoutTtl : 0)
  if (lease.ttlMs === null || lease.expiresByValue === true) return wrapped
  if (expiresAtMs - atMs <= lease.ttlMs + EXPIRY_ERROR_MS) return wrapped + TRAIT.usualTtl
  return wrapped + (lease.renewEveryMs === null ? 0 : TRAIT.longerTtl)
}

const HIGHEST_CONFIDENCE = 0.9999
/** A TTL is never forgotten by a library that sets it together with the lock, but an operator may have removed it. */
const WITHOUT_TTL = 0.02
/** Few users set a longer TTL than the default of a library that renews its locks. */
const LONGER_TTL = 0.5
/** The libraries write their tokens unchanged; a wrapped one comes from a client with a serializer. */
const WRAPPED = 0.2

/** The likelihood of a family divided by that of a home-made lock, with what speaks for it and against it. */
export function oddsOf({compiled: {family, form}, traits}: Fit): {odds: number; evidence: string[]} {
  const sure = Math.min(form.confidence, HIGHEST_CONFIDENCE)
  const evidence = [form.shows ?? `key and value as ${family.title} stores them`]
  let odds = sure / (1 - sure)
  const weigh = (trait: number, factor: number, text: string): void => {
    if ((traits & trait) === 0) return
    odds *= factor
    evidence.push(text)
  }
  weigh(TRAIT.usualTtl, 1, 'TTL within the default of the library')
  weigh(TRAIT.withoutTtl, WITHOUT_TTL, 'against it: no TTL, which the library always sets')
  weigh(TRAIT.longerTtl, LONGER_TTL, 'against it: TTL longer than the default of the library')
  weigh(TRAIT.wrapped, WRAPPED, 'against it: the value is quoted or serialized')
  return {odds, evidence}
}

/** Whether the key expires as long after the end in the value as the form says. */
function endsWithKey({endsBeforeTtlMs}: LockForm, groups: Groups, {atMs, expiresAtMs}: SampledKey): boolean {
  if (endsBeforeTtlMs === undefined) return true
  const ends = timesOf(groups, atMs).endsAtMs
  return ends !== null && expiresAtMs - ends >= endsBeforeTtlMs.least && expiresAtMs - ends <= endsBeforeTtlMs.most
}

function holderOf({text, token}: StoredEntry, {consumer, host, instance, pid, thread}: Groups): LockHolder {
  return {
    token,
    text: text === token ? null : text,
    host: host ?? null,
    pid: pid === undefined ? null : Number(pid),
    thread: thread === undefined ? null : Number(thread),
    consumer: consumer ?? null,
    instance: instance ?? null,
  }
}

interface Times {
  readonly acquiredAtMs: number | null
  readonly endsAtMs: number | null
  readonly isPast: boolean
}

/** A time of unclear meaning is an end when it is in the future. */
function timesOf(groups: Groups, atMs: number): Times {
  const {timeMs, timeSeconds} = groups
  const unclear = timeMs === undefined ? secondsMs(timeSeconds) : Number(timeMs)
  const isPast = unclear !== null && unclear <= atMs
  return {acquiredAtMs: acquiredAtMs(groups), endsAtMs: unclear === null || isPast ? endsAtMs(groups) : unclear, isPast}
}

function secondsMs(seconds: string | undefined): number | null {
  return seconds === undefined ? null : Math.round(Number(seconds) * 1000)
}

function acquiredAtMs({acquiredAt, acquiredAtSeconds, uuid1}: Groups): number | null {
  if (acquiredAt !== undefined) return Number.isNaN(Date.parse(acquiredAt)) ? null : Date.parse(acquiredAt)
  if (acquiredAtSeconds !== undefined) return secondsMs(acquiredAtSeconds)
  return uuid1 === undefined ? null : uuid1TimeMs(uuid1)
}

function endsAtMs({expiresAtMs, expiresAtSeconds}: Groups): number | null {
  return expiresAtMs === undefined ? secondsMs(expiresAtSeconds) : Number(expiresAtMs)
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
 * A random part must have the pattern of random text. One in 64 random tokens has the form of a version 1 UUID, but very few of
 * these contain a plausible time. When only the token identifies the format, a lock with a TTL must not be older than the longest
 * plausible series of renewals.
 */
function isPlausible(groups: Groups, form: LockForm, raw: SampledKey): boolean {
  const {random, uuid1} = groups
  const {atMs, expiresAtMs} = raw
  if (random !== undefined && !looksRandom(random)) return false
  if (!endsWithKey(form, groups, raw)) return false
  if (uuid1 === undefined) return true
  if (uuid1 === '') return false
  const timeMs = uuid1TimeMs(uuid1)
  const oldestMs = form.needsContext === true && expiresAtMs >= 0 ? atMs - LONGEST_RENEWED_MS : OLDEST_MS
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

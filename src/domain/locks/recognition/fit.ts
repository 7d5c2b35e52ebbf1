import type {CompiledForm} from '../families/compiled.js'
import type {LockFamily, LockForm} from '../families/family.js'
import {HOME_MADE} from '../families/home-made.js'
import {printable, type SampledKey} from '../reading/sampled-key.js'
import type {LockHolder} from './recognized-lock.js'
import {looksRandom, tokenText, type Wrapping} from './token-text.js'

/** The value of a key as text. */
export interface StoredValue {
  readonly entries: readonly StoredEntry[]
  /** how the value of a string is wrapped; null when it is not */
  readonly wrapping: Wrapping | null
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
    return {entries: [{token: wrapping === null ? text : printable(bytes), text, entry: null}], wrapping}
  }
  const stored = entries.map(([token, entry]) => {
    const text = printable(token)
    return {token: text, text, entry: entry === null ? null : printable(entry)}
  })
  return {entries: stored, wrapping: null}
}

/** How a key fits one family. Times are epoch ms. */
export interface Fit {
  readonly family: LockFamily
  readonly isOwn: boolean
  /** the likelihood of this family divided by that of a home-made lock */
  readonly odds: number
  readonly evidence: readonly string[]
  readonly holders: readonly LockHolder[]
  readonly holderCount: number
  readonly reentrancy: number | null
  readonly acquiredAtMs: number | null
  readonly endsAtMs: number | null
  readonly hasPastTime: boolean
  readonly hasTooMany: boolean
  /** the named groups that the form found in the key */
  readonly groups: Readonly<Record<string, string>>
}

/** How a key fits a form whose key expression it matches; null when its value does not. */
export function fitForm(
  {entry: entryExpression, family, form, isOwn, token: expression}: CompiledForm,
  value: StoredValue,
  groups: Readonly<Record<string, string>>,
  raw: SampledKey,
): Fit | null {
  const extraField = form.requiredField ?? form.optionalField
  const stored = extraField === undefined ? value.entries : value.entries.filter(({text}) => text !== extraField)
  const hasTooMany = form.holders !== 'many' && stored.length > 1
  if (stored.length === 0 || (hasTooMany && form.needsContext === true)) return null
  if (form.requiredField !== undefined && stored.length === value.entries.length) return null
  const found: FoundHolder[] = []
  for (const {entry, text, token} of stored) {
    const inToken = expression.exec(text)
    if (inToken === null) return null
    const inEntry = entryExpression === null ? null : entryExpression.exec(entry ?? '')
    if (entryExpression !== null && inEntry === null) return null
    const one = withUuid1({...inToken.groups, ...inEntry?.groups})
    if (!isPlausible(one, form, raw)) return null
    found.push({holder: holderOf(token, text, one), groups: one})
  }
  const [first] = found
  const count = first?.groups['count']
  const times = found.map((one) => timesOf(one.groups, raw.atMs))
  const isFree = found.some((one) => one.groups['free'] !== undefined || one.groups['waiting'] !== undefined)
  const ends = latest(times.map((time) => time.endsAtMs))
  if (!endsWithKey(form, ends, raw)) return null
  const counted = first?.groups['holders']
  return {
    family,
    isOwn,
    ...likelihoodOf(family, form, value, raw),
    holders: isFree ? [] : found.map(({holder}) => holder),
    holderCount: isFree ? 0 : counted === undefined ? found.length : Number(counted),
    reentrancy: found.length === 1 && count !== undefined ? Number(count) : null,
    acquiredAtMs: earliest(times.map((time) => time.acquiredAtMs)),
    endsAtMs: ends,
    hasPastTime: times.some((time) => time.isPast),
    hasTooMany,
    groups,
  }
}

type Groups = Readonly<Record<string, string | undefined>>

/** A UUID of version 1 in base64 as one in hex; bytes of another version have an empty one, which is not plausible. */
function withUuid1(groups: Groups): Groups {
  const {uuid1Bytes} = groups
  if (uuid1Bytes === undefined) return groups
  const hex = Buffer.from(uuid1Bytes, 'base64').toString('hex')
  return {...groups, uuid1: /^.{12}1.{3}[89ab]/.test(hex) ? hex : ''}
}

/** Whether the key expires as long after the end in the value as the form says. */
function endsWithKey({endsBeforeTtlMs}: LockForm, endsAtMs: number | null, {expiresAtMs}: SampledKey): boolean {
  if (endsBeforeTtlMs === undefined) return true
  const {least, most} = endsBeforeTtlMs
  return endsAtMs !== null && expiresAtMs - endsAtMs >= least && expiresAtMs - endsAtMs <= most
}

interface FoundHolder {
  readonly holder: LockHolder
  readonly groups: Groups
}

const HIGHEST_CONFIDENCE = 0.9999
/** A TTL is never forgotten by a library that sets it together with the lock, but an operator may have removed it. */
const WITHOUT_TTL = 0.02
/** Few users set a longer TTL than the default of a library that renews its locks. */
const LONGER_TTL = 0.5
/** The libraries write their tokens unchanged; a wrapped one comes from a client with a serializer. */
const WRAPPED = 0.2
/** The error of an expiry that is computed from PTTL. */
const EXPIRY_ERROR_MS = 500

function likelihoodOf(
  family: LockFamily,
  {confidence, shows}: LockForm,
  {wrapping}: StoredValue,
  {atMs, expiresAtMs}: SampledKey,
): Pick<Fit, 'evidence' | 'odds'> {
  const {lease, title} = family
  const sure = Math.min(confidence, HIGHEST_CONFIDENCE)
  const evidence = [shows ?? `key and value as ${title} stores them`]
  let odds = sure / (1 - sure)
  const factor = (by: number, text: string): void => {
    odds *= by
    evidence.push(text)
  }
  const ttlMs = expiresAtMs - atMs
  if (expiresAtMs < 0) {
    if (lease.alwaysExpires === true) factor(WITHOUT_TTL, 'against it: no TTL, which the library always sets')
  } else if (lease.ttlMs !== null && lease.expiresByValue !== true) {
    if (ttlMs <= lease.ttlMs + EXPIRY_ERROR_MS) evidence.push('TTL within the default of the library')
    else if (lease.renewEveryMs !== null) factor(LONGER_TTL, 'against it: TTL longer than the default of the library')
  }
  if (wrapping !== null && family !== HOME_MADE) factor(WRAPPED, `against it: the value is ${wrapping}`)
  return {odds, evidence}
}

function holderOf(token: string, text: string, {consumer, host, instance, pid, thread}: Groups): LockHolder {
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
 * A random part must have the pattern of random text. One in 64 random tokens has the form of a version 1 UUID, but very few of these contain a plausible time. When only the
 * token identifies the format, a lock with a TTL must not be older than the longest plausible series of renewals.
 */
function isPlausible({random, uuid1}: Groups, {needsContext}: LockForm, {atMs, expiresAtMs}: SampledKey): boolean {
  if (random !== undefined && !looksRandom(random)) return false
  if (uuid1 === undefined) return true
  if (uuid1 === '') return false
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

import type {LockFamily, LockLease, ReleaseProtocol} from '../families/family.js'
import {HOME_MADE} from '../families/home-made.js'
import type {SampledKey} from '../reading/sampled-key.js'
import type {Fit, StoredValue} from './fit.js'
import type {LockBehavior, LockCandidate, RecognizedLock} from './recognized-lock.js'
import {isConstant, isRandom, tokenKind} from './token-text.js'

/** A family is named only when it is at least this likely. */
export const NAMED_FROM = 0.9
/** A less likely family has no say in how a lock is treated, and is not part of the group. */
const REMAINS_FROM = 0.1
/** Low, because it is safer to keep a lock than to delete one that must not be deleted. */
const NEVER_DELETED_FROM = 0.05
const NOTIFIED_FROM = 0.05
const SHOWN_FROM = 0.02
/** The holder and the times are read from the format of a family that is at least this likely. */
const DESCRIBES_FROM = 0.5

interface WeighedFit extends Fit {
  readonly likelihood: number
}

/** Weighs the families that a key fits against each other and against a home-made lock; null when it fits none. */
export function recognizedLock(
  fits: readonly Fit[],
  value: StoredValue,
  {expiresAtMs, type}: SampledKey,
): RecognizedLock | null {
  const weighed = weigh(fits)
  const [first] = weighed
  if (first === undefined) return null
  const isNamed = first.family !== HOME_MADE && (first.isOwn || first.likelihood >= NAMED_FROM)
  const described =
    first.likelihood >= DESCRIBES_FROM ? first : (weighed.find(({family}) => family === HOME_MADE) ?? first)
  const remaining = isNamed ? [first] : weighed.filter(({likelihood}) => likelihood >= REMAINS_FROM)
  const hasConstantToken = value.entries.every(({text}) => isConstant(text))
  return {
    kind: 'lock',
    family: isNamed ? first.family : null,
    candidates: weighed.filter(({likelihood}) => likelihood >= SHOWN_FROM).map(candidateOf),
    name: isNamed ? first.family.name : `${type} lock`,
    group: isNamed ? null : groupText(type, value, remaining),
    behavior: behaviorOf(remaining, weighed, value),
    holders: described.holders,
    holderCount: described.holderCount,
    reentrancy: described.reentrancy,
    acquiredAtMs: described.acquiredAtMs,
    endsAtMs: described.endsAtMs,
    hasPastTime: described.hasPastTime && expiresAtMs < 0,
    hasConstantToken,
    hasTooMany: described.hasTooMany,
    isAssumed: false,
  }
}

/** The likelihoods add up to 1. The alternative to a family is a lock without one, even where the home-made format does not fit. */
function weigh(fits: readonly Fit[]): WeighedFit[] {
  const [own] = fits.filter(({isOwn}) => isOwn)
  if (own) return [{...own, likelihood: own.odds / (1 + own.odds)}]
  const isHomeMade = fits.some(({family}) => family === HOME_MADE)
  const total = fits.reduce((sum, {odds}) => sum + odds, isHomeMade ? 0 : 1)
  return fits.map((fit) => ({...fit, likelihood: fit.odds / total})).toSorted((a, b) => b.likelihood - a.likelihood)
}

function candidateOf({evidence, family, likelihood}: WeighedFit): LockCandidate {
  return {family: family.name, likelihood: Math.round(likelihood * 1000) / 1000, evidence: [...evidence]}
}

/** `string lock, UUID token: spring-integration, redlock-rb or home-made`. */
function groupText(type: string, {entries, wrapping}: StoredValue, remaining: readonly WeighedFit[]): string {
  const kind = type === 'string' ? `, ${tokenKind(entries[0]?.text ?? '')}` : ''
  // A home-made lock is the rest of the possibilities, so it comes last.
  const ordered = [
    ...remaining.filter(({family}) => family !== HOME_MADE),
    ...remaining.filter(({family}) => family === HOME_MADE),
  ]
  const names = ordered.map(({family}) => family.name)
  const last = names.at(-1) ?? HOME_MADE.name
  const list = names.length < 2 ? last : `${names.slice(0, -1).join(', ')} or ${last}`
  return `${type} lock${kind}${wrapping === null ? '' : ` (${wrapping})`}: ${list}`
}

/** The only place that decides how the clients of a lock are expected to behave. */
function behaviorOf(
  remaining: readonly WeighedFit[],
  all: readonly WeighedFit[],
  {entries}: StoredValue,
): LockBehavior {
  const never = all.find(({family, likelihood}) => family.release.how === 'never' && likelihood >= NEVER_DELETED_FROM)
  // A notification has no effect where no client listens, so an unlikely family is enough, and the most likely one is used.
  const notified = all.find(({family, likelihood}) => notifies(family) && likelihood >= NOTIFIED_FROM)
  const source = remaining.length === 1 ? (remaining[0]?.family === HOME_MADE ? notified : remaining[0]) : notified
  return {
    lease: commonLease(remaining.map(({family}) => family.lease)),
    release: never?.family.release ?? releaseOf(source, remaining),
    // The same word on several servers does not show that one client wrote it.
    onSeveralServers: remaining.some(
      ({family}) =>
        family.onSeveralServers === true && (family !== HOME_MADE || entries.every(({text}) => isRandom(text))),
    ),
    companions: source?.family.companions ?? [],
    groups: source?.groups ?? {},
  }
}

function notifies({release}: LockFamily): boolean {
  return release.how === 'compare-and-delete' && release.notify !== undefined
}

/** Companions are deleted only if the lock can be of no other family. */
function releaseOf(source: WeighedFit | undefined, remaining: readonly WeighedFit[]): ReleaseProtocol {
  const release = source?.family.release
  if (release?.how !== 'compare-and-delete') return {how: 'compare-and-delete'}
  if (remaining.length === 1 && remaining[0] === source) return release
  return {how: 'compare-and-delete', ...(release.notify && {notify: release.notify})}
}

function commonLease(leases: readonly LockLease[]): LockLease {
  const common = (of: (lease: LockLease) => number | null): number | null => {
    const [value = null] = leases.map(of)
    return leases.every((lease) => of(lease) === value) ? value : null
  }
  return {
    ttlMs: common(({ttlMs}) => ttlMs),
    renewEveryMs: common(({renewEveryMs}) => renewEveryMs),
    expiresByValue: leases.every(({expiresByValue}) => expiresByValue === true),
    outlivesWork: leases.some(({outlivesWork}) => outlivesWork === true),
  }
}

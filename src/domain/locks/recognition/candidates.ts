import type {LockFamily, LockLease, ReleaseProtocol} from '../families/family.js'
import {HOME_MADE} from '../families/home-made.js'
import type {SampledKey} from '../reading/sampled-key.js'
import {describe, type Fit, oddsOf, type StoredValue, TRAITS} from './fit.js'
import type {FamilyLikelihood, LockBehavior, LockCandidate, RecognizedLock} from './recognized-lock.js'
import {tokenTraits, type Wrapping} from './token-text.js'

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
  readonly family: LockFamily
  readonly likelihood: number
  readonly evidence: string[]
}

/** What follows from the forms that fit a key, whatever its names and tokens are. */
interface Judgment {
  readonly family: LockFamily | null
  readonly candidates: readonly LockCandidate[]
  /** the candidates without their evidence; shared by all records, so that a scan of many locks allocates less */
  readonly likelihoods: FamilyLikelihood[]
  /** the remaining families, as in `spring-integration, redlock-rb or home-made` */
  readonly names: string
  readonly behavior: Omit<LockBehavior, 'groups' | 'onSeveralServers'>
  readonly onSeveralServers: boolean | 'if-random'
  /** the fit that describes the holder, and the one whose groups fill the templates; places among the fits */
  readonly describedBy: number
  readonly filledBy: number
}

/** Most locks of a server have one of a few judgments. */
const MOST_JUDGMENTS = 10_000

/** Weighs the families that a key fits against each other and against a home-made lock. */
export class Judge {
  private readonly judgments = new Map<string, Judgment>()

  /** @returns null when the key fits no family. */
  judge(fits: readonly Fit[], value: StoredValue, raw: SampledKey): RecognizedLock | null {
    if (fits.length === 0) return null
    const judgment = this.judgmentOf(fits)
    const described = fits[judgment.describedBy] ?? fits[0]
    if (described === undefined) return null
    const {isConstant, isRandom, kind} = tokenTraits(raw.type === 'string' ? (value.entries[0]?.text ?? '') : '')
    const {behavior, candidates, family, likelihoods, names, onSeveralServers} = judgment
    return {
      kind: 'lock',
      family,
      candidates,
      likelihoods,
      name: family?.name ?? `${raw.type} lock`,
      group: family === null ? groupText(raw.type, kind, value.wrapping, names) : null,
      behavior: {
        lease: behavior.lease,
        release: behavior.release,
        companions: behavior.companions,
        onSeveralServers: onSeveralServers === 'if-random' ? isRandom : onSeveralServers,
        groups: {...fits[judgment.filledBy]?.compiled.key?.exec(raw.name)?.groups},
      },
      ...describe(described.compiled, value, raw),
      hasConstantToken: isConstant,
      isAssumed: false,
    }
  }

  private judgmentOf(fits: readonly Fit[]): Judgment {
    let id = ''
    for (const {compiled, traits} of fits) id += String.fromCharCode(compiled.id * TRAITS + traits)
    const known = this.judgments.get(id)
    if (known) return known
    const judgment = judgmentOf(fits)
    if (this.judgments.size < MOST_JUDGMENTS) this.judgments.set(id, judgment)
    return judgment
  }
}

function judgmentOf(fits: readonly Fit[]): Judgment {
  const weighed = weigh(fits)
  const [first] = weighed
  const homeMade = weighed.find(({family}) => family === HOME_MADE)
  const isNamed = first !== undefined && first !== homeMade && (first.compiled.isOwn || first.likelihood >= NAMED_FROM)
  const remaining = isNamed ? [first] : weighed.filter(({likelihood}) => likelihood >= REMAINS_FROM)
  const described = (first?.likelihood ?? 0) >= DESCRIBES_FROM ? first : (homeMade ?? first)
  const placeOf = (one: WeighedFit | undefined): number => fits.findIndex(({compiled}) => compiled === one?.compiled)
  const {source, ...behavior} = behaviorOf(remaining, weighed)
  const candidates = weighed.filter(({likelihood}) => likelihood >= SHOWN_FROM).map(candidateOf)
  return {
    family: isNamed ? first.family : null,
    candidates,
    likelihoods: candidates.map(({family, likelihood}) => ({family, likelihood})),
    names: namesOf(remaining),
    behavior,
    onSeveralServers: remaining.some(({family}) => family !== HOME_MADE && family.onSeveralServers === true)
      ? true
      : // The same word on several servers does not show that one client wrote it.
        homeMade !== undefined && remaining.includes(homeMade) && 'if-random',
    describedBy: placeOf(described),
    filledBy: placeOf(source),
  }
}

/** The likelihoods add up to 1. The alternative to a family is a lock without one, even where the home-made format does not fit. */
function weigh(fits: readonly Fit[]): WeighedFit[] {
  const all = fits.map((fit) => ({...fit, family: fit.compiled.family, ...oddsOf(fit)}))
  const own = all.find(({compiled}) => compiled.isOwn)
  if (own) return [{...own, likelihood: own.odds / (1 + own.odds)}]
  const isHomeMade = all.some(({family}) => family === HOME_MADE)
  const total = all.reduce((sum, {odds}) => sum + odds, isHomeMade ? 0 : 1)
  return all.map((fit) => ({...fit, likelihood: fit.odds / total})).toSorted((a, b) => b.likelihood - a.likelihood)
}

function candidateOf({evidence, family, likelihood}: WeighedFit): LockCandidate {
  return {family: family.name, likelihood: Math.round(likelihood * 1000) / 1000, evidence}
}

/** A home-made lock is the rest of the possibilities, so it comes last. */
function namesOf(remaining: readonly WeighedFit[]): string {
  const names = [
    ...remaining.filter(({family}) => family !== HOME_MADE),
    ...remaining.filter(({family}) => family === HOME_MADE),
  ].map(({family}) => family.name)
  const last = names.at(-1) ?? HOME_MADE.name
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} or ${last}`
}

/** `string lock, UUID token: spring-integration, redlock-rb or home-made`. */
function groupText(type: string, kind: string, wrapping: Wrapping | null, names: string): string {
  return `${type} lock${type === 'string' ? `, ${kind}` : ''}${wrapping === null ? '' : ` (${wrapping})`}: ${names}`
}

/** The only place that decides how the clients of a lock are expected to behave. `source`: the family whose templates are used. */
function behaviorOf(
  remaining: readonly WeighedFit[],
  all: readonly WeighedFit[],
): Judgment['behavior'] & {source: WeighedFit | undefined} {
  const never = all.find(({family, likelihood}) => family.release.how === 'never' && likelihood >= NEVER_DELETED_FROM)
  // A notification has no effect where no client listens, so an unlikely family is enough, and the most likely one is used.
  const notified = all.find(({family, likelihood}) => notifies(family) && likelihood >= NOTIFIED_FROM)
  const source = remaining.length === 1 ? (remaining[0]?.family === HOME_MADE ? notified : remaining[0]) : notified
  return {
    lease: commonLease(remaining.map(({family}) => family.lease)),
    release: never?.family.release ?? releaseOf(source, remaining),
    companions: source?.family.companions ?? [],
    source,
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

import type {Version} from './broker-version.js'
import {AutoSplit} from './auto-split.js'
import {HashRing, RING_2_4, RING_3_0_3, RING_3_0_7, RING_4_0, RING_CLASSIC, type RingRules} from './hash-ring.js'
import type {Member, Selector} from './selector.js'
import {type KeySpace, type SpaceName, SPACES} from '../hashing/key-space.js'

/** Selectors as broker settings name them. With `sticky` the consumers choose their ranges. */
export type SelectorName = 'auto-split' | 'consistent-hashing' | 'sticky'

/** An algorithm by which brokers assign slots, identified by the first version that has it. */
export interface Algorithm {
  readonly selector: SelectorName
  readonly since: '2.4' | '3.0.3' | '3.0.7' | '4.0' | '4.0-classic'
  readonly space: KeySpace<SpaceName>
  /** null except for consistent hashing */
  readonly ring: RingRules<SpaceName> | null
}

function ringAlgorithm(since: Algorithm['since'], ring: RingRules<SpaceName>): Algorithm {
  return {selector: 'consistent-hashing', since, space: ring.space, ring}
}

const RINGS = {
  '2.4': ringAlgorithm('2.4', RING_2_4),
  '3.0.3': ringAlgorithm('3.0.3', RING_3_0_3),
  '3.0.7': ringAlgorithm('3.0.7', RING_3_0_7),
  '4.0': ringAlgorithm('4.0', RING_4_0),
  '4.0-classic': ringAlgorithm('4.0-classic', RING_CLASSIC),
} as const

const AUTO_SPLIT = {
  '2.4': {selector: 'auto-split', since: '2.4', space: SPACES['ranges-2.4'], ring: null},
  '4.0': {selector: 'auto-split', since: '4.0', space: SPACES['ranges-4.0'], ring: null},
} as const satisfies Record<string, Algorithm>

const STICKY = {
  '2.4': {...AUTO_SPLIT['2.4'], selector: 'sticky'},
  '4.0': {...AUTO_SPLIT['4.0'], selector: 'sticky'},
} as const satisfies Record<string, Algorithm>

/** The broker settings that determine the selector. Only `isClassic` can be changed while the broker runs. */
export interface SelectorSettings {
  /** `subscriptionKeySharedUseConsistentHashing` */
  readonly usesConsistentHashing: boolean
  /** `subscriptionKeySharedConsistentHashingReplicaPoints` */
  readonly points: number
  /** `subscriptionKeySharedUseClassicPersistentImplementation`; 4.0 to 4.2 only */
  readonly isClassic: boolean
  /** `activeConsumerFailoverConsistentHashing` */
  readonly failoverUsesConsistentHashing: boolean
}

/** Pulsar's defaults since 3.0. */
export const DEFAULT_SETTINGS: SelectorSettings = {
  usesConsistentHashing: true,
  points: 100,
  isClassic: false,
  failoverUsesConsistentHashing: false,
}

/**
 * Every algorithm that a broker of this version may use for a subscription of this mode, the most likely first. There are
 * several when the version does not determine it, for example without settings; all without a version.
 */
export function possibleAlgorithms(
  version: Version | null,
  settings: SelectorSettings | null,
  mode: 'AUTO_SPLIT' | 'STICKY',
): Algorithm[] {
  const lines =
    version === null ? (['4.0', '2.4'] as const) : version.major >= 4 ? (['4.0'] as const) : (['2.4'] as const)
  if (mode === 'STICKY') return lines.map((line) => STICKY[line])
  const rings = settings?.usesConsistentHashing === false ? [] : possibleRings(version, settings)
  const splits = settings?.usesConsistentHashing === true ? [] : lines.map((line) => AUTO_SPLIT[line])
  return [...rings, ...splits]
}

function possibleRings(version: Version | null, settings: SelectorSettings | null): Algorithm[] {
  const {'2.4': before, '3.0.3': named, '3.0.7': indexed, '4.0': current, '4.0-classic': classic} = RINGS
  if (version === null) return [current, indexed, named, before, classic]
  if (version.major >= 5) return [current] // apache/pulsar#26687 removed the classic dispatcher
  if (version.major === 4) return settings ? [settings.isClassic ? classic : current] : [current, classic]
  const {minor, patch} = version
  if (version.major < 3 || (minor === 0 && patch <= 2) || (minor === 1 && patch < 3) || (minor === 2 && patch === 0)) {
    return [before]
  }
  // The algorithm of 3.1.3 is unknown, so the reported ranges decide.
  if (minor === 1) return [named, before]
  const hasIndex = (minor === 0 && patch >= 7) || (minor === 3 && patch >= 2) || minor > 3
  return [hasIndex ? indexed : named]
}

/** A dispatcher without consumers. @param points per consumer, used only for consistent hashing. */
export function emptySelector<M extends Member>(algorithm: Algorithm, points: number): Selector<SpaceName, M> {
  if (algorithm.ring) return new HashRing<SpaceName, M>(algorithm.ring, points)
  return new AutoSplit<'ranges-2.4' | 'ranges-4.0', M>(algorithm.space as KeySpace<'ranges-2.4' | 'ranges-4.0'>)
}

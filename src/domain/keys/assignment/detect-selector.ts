import type {SubscriptionStats} from '../../../clients/pulsar-admin/types.js'
import {type Algorithm, possibleAlgorithms, type SelectorSettings} from '../selectors/algorithms.js'
import type {Version} from '../selectors/broker-version.js'
import {type ReportedConsumer, reportedConsumers, reportedSegments} from './reported-consumers.js'
import {restoreSelector, type Restored} from './restore-selector.js'
import type {Segment} from '../selectors/segments.js'
import type {SpaceName} from '../hashing/key-space.js'

/** Facts about the broker in addition to the statistics; null when unknown. */
export interface BrokerFacts {
  readonly version: Version | null
  readonly settings: SelectorSettings | null
}

/** When only the statistics are known. */
export const NO_FACTS: BrokerFacts = {version: null, settings: null}

/** One dispatcher's key-hash assignment as reported, and the algorithm that produced it. */
export interface Assignment {
  readonly mode: 'AUTO_SPLIT' | 'STICKY' | null
  /** null when unknown: no consumer is connected, or the report matches several algorithms. */
  readonly algorithm: Algorithm | null
  /** Whether the broker's settings produce the reported assignment; null when the settings are unknown. */
  readonly isAsConfigured: boolean | null
  /** Source of the algorithm. */
  readonly source: 'configuration' | 'statistics' | null
  readonly consumers: readonly ReportedConsumer[]
  /** Empty when the algorithm is unknown, because then the key space is unknown too. */
  readonly segments: ReadonlyArray<Segment<SpaceName, ReportedConsumer>>
  /** null when no known algorithm produces the reported assignment. */
  readonly restored: Restored | null
}

/**
 * Detects the selector of one partition. The broker's version and settings allow few algorithms, usually one. The algorithm
 * that reproduces the reported assignment exactly is the result. Without settings, only the report decides.
 */
export function detectAssignment(stats: SubscriptionStats, facts: BrokerFacts): Assignment {
  const {settings, version} = facts
  const consumers = reportedConsumers(stats)
  const mode = stats.keySharedMode === 'STICKY' || stats.keySharedMode === 'AUTO_SPLIT' ? stats.keySharedMode : null
  const configured =
    settings && choose(possibleAlgorithms(version, settings, mode ?? 'AUTO_SPLIT'), consumers, settings.points)
  // A dispatcher keeps the settings with which it was created, so the statistics decide.
  const detected = configured?.fits
    ? null
    : choose(possibleAlgorithms(version, null, mode ?? 'AUTO_SPLIT'), consumers, null)
  const choice = configured && (configured.fits || !detected?.fits) ? configured : detected
  return {
    mode,
    algorithm: choice?.algorithm ?? null,
    isAsConfigured: configured?.fits ?? null,
    source: choice?.algorithm ? (choice === configured ? 'configuration' : 'statistics') : null,
    consumers,
    segments: choice?.algorithm ? reportedSegments(consumers, choice.algorithm.space) : [],
    restored: choice?.restored ?? null,
  }
}

interface Choice {
  readonly algorithm: Algorithm | null
  readonly restored: Restored | null
  readonly fits: boolean
}

function choose(possible: readonly Algorithm[], consumers: readonly ReportedConsumer[], points: number | null): Choice {
  const shaped = possible.filter((algorithm) => hasShapeOf(algorithm, consumers))
  const fitting = shaped.flatMap((algorithm) => {
    const restored = restoreSelector(algorithm, consumers, reportedSegments(consumers, algorithm.space), points)
    return restored ? [{algorithm, restored, fits: true}] : []
  })
  const [only, ...others] = fitting
  if (only && others.length === 0) return only
  // No algorithm fits, or several do. If the key space is certain, the report still shows the owners.
  const isCertain = fitting.length === 0 && shaped.length === 1
  return {algorithm: (isCertain ? shaped[0] : null) ?? null, restored: null, fits: false}
}

/** Whether the reported ranges can come from this algorithm, by the end of its key space. */
function hasShapeOf({selector, space}: Algorithm, consumers: readonly ReportedConsumer[]): boolean {
  if (selector === 'sticky') return true
  const ranges = consumers.flatMap((consumer) => consumer.ranges)
  if (ranges.length === 0) return true
  const last = Math.max(...ranges.map(({end}) => end))
  if (selector === 'auto-split') return last === 65_536
  return space.name === 'ring-4.0' ? last === space.last : last > 65_536
}

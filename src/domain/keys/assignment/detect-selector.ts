import type {SubscriptionStats} from '../../../clients/pulsar-admin/types.js'
import {type Algorithm, possibleAlgorithms, type SelectorSettings} from '../selectors/algorithms.js'
import type {Version} from '../selectors/broker-version.js'
import {type ReportedConsumer, reportedConsumers, reportedSegments} from './reported-consumers.js'
import {restoreSelector, type Restored} from './restore-selector.js'
import type {Segment} from '../selectors/segments.js'
import type {SpaceName} from '../hashing/key-space.js'

/** What is known of the broker beside the statistics; null is what it did not tell. */
export interface BrokerFacts {
  readonly version: Version | null
  readonly settings: SelectorSettings | null
}

/** What the statistics alone have to do without. */
export const NO_FACTS: BrokerFacts = {version: null, settings: null}

/** One dispatcher's key-hash assignment, as reported, and how it came about. */
export interface Assignment {
  readonly mode: 'AUTO_SPLIT' | 'STICKY' | null
  /** null when it can't be told: nobody is connected, or what is reported fits several. */
  readonly algorithm: Algorithm | null
  /** Whether the broker's settings give what is reported; null when they are not known. */
  readonly isAsConfigured: boolean | null
  /** What the algorithm was told from. */
  readonly source: 'configuration' | 'statistics' | null
  readonly consumers: readonly ReportedConsumer[]
  /** Empty when the algorithm is not known, because the key space isn't. */
  readonly segments: ReadonlyArray<Segment<SpaceName, ReportedConsumer>>
  /** null when no algorithm that we know gives what is reported. */
  readonly restored: Restored | null
}

/**
 * Tells the selector of one partition. The broker's version and settings leave few algorithms, mostly one; the one that
 * gives exactly what the consumers report is it. Without settings, the report alone has to show it.
 */
export function detectAssignment(stats: SubscriptionStats, facts: BrokerFacts): Assignment {
  const {settings, version} = facts
  const consumers = reportedConsumers(stats)
  const mode = stats.keySharedMode === 'STICKY' || stats.keySharedMode === 'AUTO_SPLIT' ? stats.keySharedMode : null
  const told =
    settings && choose(possibleAlgorithms(version, settings, mode ?? 'AUTO_SPLIT'), consumers, settings.points)
  // A dispatcher keeps the settings that it was made with, so the statistics have the last word.
  const seen = told?.fits ? null : choose(possibleAlgorithms(version, null, mode ?? 'AUTO_SPLIT'), consumers, null)
  const choice = told && (told.fits || !seen?.fits) ? told : seen
  return {
    mode,
    algorithm: choice?.algorithm ?? null,
    isAsConfigured: told?.fits ?? null,
    source: choice?.algorithm ? (choice === told ? 'configuration' : 'statistics') : null,
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
  // Nothing fits, or several do. Where the key space is certain, the report still says who owns what.
  const isCertain = fitting.length === 0 && shaped.length === 1
  return {algorithm: (isCertain ? shaped[0] : null) ?? null, restored: null, fits: false}
}

/** Whether ranges such as the reported ones can come from this algorithm: each space has an end of its own. */
function hasShapeOf({selector, space}: Algorithm, consumers: readonly ReportedConsumer[]): boolean {
  if (selector === 'sticky') return true
  const ranges = consumers.flatMap((consumer) => consumer.ranges)
  if (ranges.length === 0) return true
  const last = Math.max(...ranges.map(({end}) => end))
  if (selector === 'auto-split') return last === 65_536
  return space.name === 'ring-4.0' ? last === space.last : last > 65_536
}

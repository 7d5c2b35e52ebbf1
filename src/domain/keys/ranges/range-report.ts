import type {CollectedSubscription} from '../../topic-stats/collect-topic-stats.js'
import {type BrokerFacts, detectAssignment} from '../assignment/detect-selector.js'
import {requireKeyShared} from '../assignment/require-key-shared.js'
import {type RangeFinding, rangeFindings} from './range-findings.js'
import {type RangePartition, rangesOfPartition} from './partition-ranges.js'

export interface KeyRanges {
  topic: string
  subscription: string
  partitions: RangePartition[]
  findings: RangeFinding[]
}

/**
 * The key-hash assignment that the broker reports, checked for gaps, overlaps and differences from the computed assignment.
 *
 * @throws Blocked E_NOT_KEY_SHARED when a partition has another type.
 */
export function keyRanges(collected: CollectedSubscription, facts: BrokerFacts): KeyRanges {
  requireKeyShared(collected, facts)
  const rows = collected.partitions.map((row) => {
    const assignment = detectAssignment(row.subscription, facts)
    return {assignment, report: rangesOfPartition(row, assignment)}
  })
  return {
    topic: collected.topic.full,
    subscription: collected.subscription,
    partitions: rows.map(({report}) => report),
    findings: rangeFindings(rows),
  }
}

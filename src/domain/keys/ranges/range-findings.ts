import type {Assignment} from '../assignment/detect-selector.js'
import {countSlots} from '../selectors/slot-ranges.js'
import type {RangePartition} from './partition-ranges.js'

export type RangeFindingCode =
  | 'consumer-absent'
  | 'coverage-missing'
  | 'coverage-overlapping'
  | 'duplicate-name'
  | 'no-consumer'
  | 'consumer-without-slots'
  | 'selector-mismatch'
  | 'selector-unknown'
  | 'settings-differ'

export interface RangeFinding {
  code: RangeFindingCode
  severity: 'error' | 'warn'
  /** null on a plain topic */
  partition: number | null
  evidence: Array<{field: string; value: number | string}>
}

export interface AssignedPartition {
  readonly assignment: Assignment
  readonly report: RangePartition
}

type Draft = Omit<RangeFinding, 'partition'>

/** Faults of an assignment, and differences from the computed one; errors first. */
export function rangeFindings(partitions: readonly AssignedPartition[]): RangeFinding[] {
  const names = new Set(partitions.flatMap(({report}) => report.consumers.map(({name}) => name ?? '')))
  return partitions
    .flatMap((row) => {
      const isUnused = row.report.consumers.length === 0 && names.size > 0
      if (isUnused) return [{...finding('no-consumer', 'error', {consumers: 0}), partition: row.report.partition}]
      const drafts = [
        ...gaps(row.report),
        ...duplicateNames(row.report),
        ...absent(row.report, names),
        ...consumersWithoutSlots(row.report),
        ...selectorFindings(row.assignment),
      ]
      return drafts.map((draft): RangeFinding => ({...draft, partition: row.report.partition}))
    })
    .toSorted((a, b) => (a.severity === b.severity ? 0 : a.severity === 'error' ? -1 : 1))
}

function gaps({consumers, coverage}: RangePartition): Draft[] {
  if (!coverage) return []
  const missing = countSlots(coverage.missing)
  const overlapping = countSlots(coverage.overlapping)
  return [
    ...(missing > 0 ? [finding('coverage-missing', 'error', {slots: missing, consumers: consumers.length})] : []),
    ...(overlapping > 0 ? [finding('coverage-overlapping', 'error', {slots: overlapping})] : []),
  ]
}

/** Equal names are allowed, but statistics and operators cannot distinguish such consumers. */
function duplicateNames({consumers}: RangePartition): Draft[] {
  const byName = Map.groupBy(consumers, ({name}) => name ?? '')
  return [...byName]
    .filter(([, same]) => same.length > 1)
    .map(([name, same]) => finding('duplicate-name', 'warn', {name, consumers: same.length}))
}

/** A consumer of a partitioned topic is connected to every partition, unless its subscribe failed on one. */
function absent({consumers}: RangePartition, names: ReadonlySet<string>): Draft[] {
  const here = new Set(consumers.map(({name}) => name ?? ''))
  return [...names].filter((name) => !here.has(name)).map((name) => finding('consumer-absent', 'warn', {name}))
}

function consumersWithoutSlots({consumers}: RangePartition): Draft[] {
  return consumers
    .filter(({slots}) => slots === 0)
    .map(({name}) => finding('consumer-without-slots', 'warn', {name: name ?? ''}))
}

function selectorFindings({algorithm, consumers, isAsConfigured, restored, segments}: Assignment): Draft[] {
  if (consumers.every(({ranges}) => ranges.length === 0)) return []
  if (!algorithm) return [finding('selector-unknown', 'warn', {consumers: consumers.length})]
  return [
    ...(restored
      ? []
      : [finding('selector-mismatch', 'warn', {selector: algorithm.selector, ranges: segments.length})]),
    ...(isAsConfigured === false ? [finding('settings-differ', 'warn', {selector: algorithm.selector})] : []),
  ]
}

function finding(
  code: RangeFindingCode,
  severity: RangeFinding['severity'],
  fields: Record<string, number | string>,
): Draft {
  return {code, severity, evidence: Object.entries(fields).map(([field, value]) => ({field, value}))}
}

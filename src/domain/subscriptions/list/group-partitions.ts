import type {TopicStats} from '../../../clients/pulsar-admin/types.js'
import {splitPartition} from '../../../topic-name.js'
import {partitionStateOf, type ReadingTime} from '../../progress/partition-state.js'
import {type GroupedRow, RowTotals} from './row-totals.js'

/** A partition, or a plain topic, with its statistics. */
export interface NamedStats {
  readonly name: string
  readonly stats: TopicStats
}

interface TopicGroup {
  /** partitions that were given */
  readonly seen: Set<number>
  readonly bySubscription: Map<string, RowTotals>
}

interface NamespaceGroup {
  /** plain topics that were given */
  readonly plain: Set<string>
  readonly partitioned: Map<string, TopicGroup>
}

/**
 * Folds the statistics of single partitions into a row for each subscription of each topic. A plain topic's rows come out at
 * once, a partitioned topic's when its namespace is finished. A topic that moves between brokers may come from both: the
 * first counts.
 */
export class PartitionGrouping {
  private readonly namespaces = new Map<string, NamespaceGroup>()
  private readonly time: ReadingTime
  /** whether anything was added */
  isEmpty = true
  /** whether each partition of each finished row was there */
  isComplete = true

  constructor(time: ReadingTime) {
    this.time = time
  }

  /** @returns the rows that are finished by it. */
  add(namespace: string, {name, stats}: NamedStats): GroupedRow[] {
    this.isEmpty = false
    const {base, index} = splitPartition(name)
    const totals: NamespaceGroup = this.namespaces.get(namespace) ?? {plain: new Set(), partitioned: new Map()}
    this.namespaces.set(namespace, totals)
    if (index === null) {
      if (totals.plain.has(base)) return []
      totals.plain.add(base)
      const topic = newTopic()
      this.addTo(topic, {base, index: 0, isPartitioned: false}, stats)
      return [...topic.bySubscription.values()].map((row) => row.grouped())
    }
    const topic = totals.partitioned.get(base) ?? newTopic()
    totals.partitioned.set(base, topic)
    if (!topic.seen.has(index)) this.addTo(topic, {base, index, isPartitioned: true}, stats)
    return []
  }

  /** To be called when no more of a namespace can come. @returns the rows of its partitioned topics. */
  finish(namespace: string): GroupedRow[] {
    const topics = this.namespaces.get(namespace)?.partitioned ?? new Map<string, TopicGroup>()
    this.namespaces.delete(namespace)
    const rows = [...topics.values()].flatMap(({bySubscription}) => [...bySubscription.values()])
    this.isComplete &&= rows.every((row) => row.isComplete)
    return rows.map((row) => row.grouped())
  }

  /** Finishes what is left, one namespace after the other. */
  *finishAll(): Generator<GroupedRow[]> {
    for (const namespace of this.namespaces.keys()) yield this.finish(namespace)
  }

  private addTo(
    {bySubscription, seen}: TopicGroup,
    {base, index, isPartitioned}: {base: string; index: number; isPartitioned: boolean},
    stats: TopicStats,
  ): void {
    seen.add(index)
    for (const [subscription, part] of Object.entries(stats.subscriptions ?? {})) {
      const row = bySubscription.get(subscription) ?? new RowTotals(base, subscription, isPartitioned)
      row.add(index, partitionStateOf(part, stats, this.time))
      bySubscription.set(subscription, row)
    }
  }
}

/** Folds all that there is. */
export function groupAll(topics: readonly NamedStats[], time: ReadingTime): {rows: GroupedRow[]; isComplete: boolean} {
  const fold = new PartitionGrouping(time)
  const rows = topics.flatMap((topic) => fold.add('', topic))
  return {rows: [...rows, ...fold.finish('')], isComplete: fold.isComplete}
}

function newTopic(): TopicGroup {
  return {seen: new Set(), bySubscription: new Map()}
}

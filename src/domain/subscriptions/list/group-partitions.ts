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
  /** partition numbers added so far */
  readonly seen: Set<number>
  readonly bySubscription: Map<string, RowTotals>
}

interface NamespaceGroup {
  /** plain topics added so far */
  readonly plain: Set<string>
  readonly partitioned: Map<string, TopicGroup>
}

/**
 * Groups the statistics of single partitions into one row per topic and subscription. The rows of a plain topic are complete
 * at once, those of a partitioned topic when its namespace is finished. A topic that is moving may be reported by both
 * brokers; the first report counts.
 */
export class PartitionGrouping {
  private readonly namespaces = new Map<string, NamespaceGroup>()
  private readonly time: ReadingTime
  /** whether no subscription has been added */
  isEmpty = true
  /** whether every finished row had all its partitions */
  isComplete = true

  constructor(time: ReadingTime) {
    this.time = time
  }

  /** @returns the rows that it completes. */
  add(namespace: string, {name, stats}: NamedStats): GroupedRow[] {
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

  /** Call it when a namespace has no more topics. @returns the rows of its partitioned topics. */
  finish(namespace: string): GroupedRow[] {
    const topics = this.namespaces.get(namespace)?.partitioned ?? new Map<string, TopicGroup>()
    this.namespaces.delete(namespace)
    const rows = [...topics.values()].flatMap(({bySubscription}) => [...bySubscription.values()])
    this.isComplete &&= rows.every((row) => row.isComplete)
    return rows.map((row) => row.grouped())
  }

  /** Finishes the remaining namespaces one by one. */
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
      this.isEmpty = false
      const row = bySubscription.get(subscription) ?? new RowTotals(base, subscription, isPartitioned)
      row.add(index, partitionStateOf(part, stats, this.time))
      bySubscription.set(subscription, row)
    }
  }
}

/** Groups all topics at once. */
export function groupAll(topics: readonly NamedStats[], time: ReadingTime): {rows: GroupedRow[]; isComplete: boolean} {
  const grouping = new PartitionGrouping(time)
  const rows = topics.flatMap((topic) => grouping.add('', topic))
  return {rows: [...rows, ...grouping.finish('')], isComplete: grouping.isComplete}
}

function newTopic(): TopicGroup {
  return {seen: new Set(), bySubscription: new Map()}
}

import type {TopicStats} from '../../../clients/pulsar-admin/types.js'
import {splitPartition} from '../../../topic-name.js'
import {lookAt, type ReadingTime} from '../../progress/partition-state.js'
import {type FoldedRow, RowTally} from './row-totals.js'

/** A partition, or a plain topic, with its statistics. */
export interface NamedStats {
  readonly name: string
  readonly stats: TopicStats
}

interface TopicTally {
  /** partitions that were given */
  readonly seen: Set<number>
  readonly bySubscription: Map<string, RowTally>
}

interface NamespaceTally {
  /** plain topics that were given */
  readonly plain: Set<string>
  readonly partitioned: Map<string, TopicTally>
}

/**
 * Folds the statistics of single partitions into a row for each subscription of each topic. A plain topic's rows come out at
 * once, a partitioned topic's when its namespace is finished. A topic that moves between brokers may come from both: the
 * first counts.
 */
export class ListFold {
  private readonly namespaces = new Map<string, NamespaceTally>()
  private readonly time: ReadingTime
  /** whether anything was added */
  isEmpty = true
  /** whether each partition of each finished row was there */
  isWhole = true

  constructor(time: ReadingTime) {
    this.time = time
  }

  /** @returns the rows that are finished by it. */
  add(namespace: string, {name, stats}: NamedStats): FoldedRow[] {
    this.isEmpty = false
    const {base, index} = splitPartition(name)
    const tally: NamespaceTally = this.namespaces.get(namespace) ?? {plain: new Set(), partitioned: new Map()}
    this.namespaces.set(namespace, tally)
    if (index === null) {
      if (tally.plain.has(base)) return []
      tally.plain.add(base)
      const topic = newTopic()
      this.addTo(topic, {base, index: 0, isPartitioned: false}, stats)
      return [...topic.bySubscription.values()].map((row) => row.folded())
    }
    const topic = tally.partitioned.get(base) ?? newTopic()
    tally.partitioned.set(base, topic)
    if (!topic.seen.has(index)) this.addTo(topic, {base, index, isPartitioned: true}, stats)
    return []
  }

  /** To be called when no more of a namespace can come. @returns the rows of its partitioned topics. */
  finish(namespace: string): FoldedRow[] {
    const topics = this.namespaces.get(namespace)?.partitioned ?? new Map<string, TopicTally>()
    this.namespaces.delete(namespace)
    const rows = [...topics.values()].flatMap(({bySubscription}) => [...bySubscription.values()])
    this.isWhole &&= rows.every((row) => row.isWhole)
    return rows.map((row) => row.folded())
  }

  /** Finishes what is left, one namespace after the other. */
  *finishAll(): Generator<FoldedRow[]> {
    for (const namespace of this.namespaces.keys()) yield this.finish(namespace)
  }

  private addTo(
    {bySubscription, seen}: TopicTally,
    {base, index, isPartitioned}: {base: string; index: number; isPartitioned: boolean},
    stats: TopicStats,
  ): void {
    seen.add(index)
    for (const [subscription, part] of Object.entries(stats.subscriptions ?? {})) {
      const row = bySubscription.get(subscription) ?? new RowTally(base, subscription, isPartitioned)
      row.add(index, lookAt(part, stats, this.time))
      bySubscription.set(subscription, row)
    }
  }
}

/** Folds all that there is. */
export function foldAll(topics: readonly NamedStats[], time: ReadingTime): {rows: FoldedRow[]; isWhole: boolean} {
  const fold = new ListFold(time)
  const rows = topics.flatMap((topic) => fold.add('', topic))
  return {rows: [...rows, ...fold.finish('')], isWhole: fold.isWhole}
}

function newTopic(): TopicTally {
  return {seen: new Set(), bySubscription: new Map()}
}

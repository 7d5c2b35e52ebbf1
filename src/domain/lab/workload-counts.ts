import {partitionOfKey} from '../keys/hashing/partition-routing.js'

/** The processing of one message by one consumer. Times are epoch ms of one clock. */
export interface Handling {
  readonly sequence: number
  readonly key: string
  readonly consumer: string
  readonly fleet: 'new' | 'old'
  readonly receivedAt: number
  readonly startedAt: number
  readonly endedAt: number
}

export interface WorkloadFigures {
  sent: number
  handled: number
  /** sent and never processed */
  lost: number
  /** processed more than once; each repetition counts */
  duplicates: number
  /** pairs of messages of one key that two consumers of the old fleet processed at the same time */
  overlapsBefore: number
  /** the same with at least one consumer of the new fleet */
  overlapsAfter: number
  /** of those, the pairs with one consumer of each fleet */
  overlapsAcross: number
  /** the longest time without delivery on a partition that ended with a delivery to the new fleet; null before the switch */
  gapMs: number | null
}

/** Counts the messages of a workload: sent, processed, lost, duplicated. */
export class WorkloadCounts {
  private readonly sentSequences = new Set<number>()
  private readonly rows: Handling[] = []

  sent(sequence: number): void {
    this.sentSequences.add(sequence)
  }

  handled(handling: Handling): void {
    this.rows.push(handling)
  }

  /** All processed messages so far, ordered by the end of their processing. */
  get handlings(): readonly Handling[] {
    return this.rows
  }

  get sentCount(): number {
    return this.sentSequences.size
  }

  /** Number of messages that are sent but not processed yet. */
  get open(): number {
    const handled = new Set(this.handlings.map(({sequence}) => sequence))
    return [...this.sentSequences].filter((sequence) => !handled.has(sequence)).length
  }

  /** Number of processed messages of each consumer of a fleet. */
  countsOf(fleet: Handling['fleet']): ReadonlyMap<string, number> {
    const counts = new Map<string, number>()
    for (const {consumer, fleet: handledBy} of this.handlings)
      if (handledBy === fleet) counts.set(consumer, (counts.get(consumer) ?? 0) + 1)
    return counts
  }

  /** @param partitions number of partitions; 1 for a plain topic. */
  figures(partitions: number): WorkloadFigures {
    const distinct = new Set(this.handlings.map(({sequence}) => sequence))
    const overlaps = this.overlaps()
    const after = overlaps.filter((pair) => pair.some(({fleet}) => fleet === 'new')).length
    return {
      sent: this.sentSequences.size,
      handled: distinct.size,
      lost: this.open,
      duplicates: this.handlings.length - distinct.size,
      overlapsBefore: overlaps.length - after,
      overlapsAfter: after,
      overlapsAcross: overlaps.filter(([one, other]) => one.fleet !== other.fleet).length,
      gapMs: this.longestGap(partitions),
    }
  }

  /** Pairs of messages of one key that two consumers processed at the same time, the earlier first. */
  overlaps(): Array<[Handling, Handling]> {
    const pairs: Array<[Handling, Handling]> = []
    for (const ofOneKey of Map.groupBy(this.handlings, ({key}) => key).values()) {
      const sorted = ofOneKey.toSorted((a, b) => a.startedAt - b.startedAt)
      for (const [at, earlier] of sorted.entries()) {
        for (const later of sorted.slice(at + 1)) {
          if (later.startedAt >= earlier.endedAt) break
          if (later.consumer !== earlier.consumer) pairs.push([earlier, later])
        }
      }
    }
    return pairs
  }

  private longestGap(partitions: number): number | null {
    const byPartition = Map.groupBy(this.handlings, ({key}) => partitionOfKey(key, partitions, 'JavaStringHash'))
    const silences = [...byPartition.values()].flatMap((rows) => {
      const inOrder = rows.toSorted((a, b) => a.receivedAt - b.receivedAt)
      return inOrder.flatMap((row, at) => {
        const before = inOrder[at - 1]
        return before && row.fleet === 'new' ? [row.receivedAt - before.receivedAt] : []
      })
    })
    return silences.length > 0 ? Math.max(...silences) : null
  }
}

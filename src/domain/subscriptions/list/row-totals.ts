import {ConsumerCount} from '../../topic-stats/consumers.js'
import {commonType} from '../../topic-stats/subscription-type.js'
import {isSystemCursor} from '../../topic-stats/system-cursors.js'
import {sumKnown} from '../../topic-stats/known-sums.js'
import type {SubscriptionRow} from './subscription-row.js'
import {isExcused} from '../../progress/partition-progress.js'
import type {PartitionState} from '../../progress/partition-state.js'

export interface GroupedRow {
  readonly row: SubscriptionRow
  /** true when any partition may be unacked for the requested time, see PartitionState */
  readonly mayBeUnackedFor: boolean
}

/** Sums up one subscription's partitions, in any order. It keeps no statistics, so that memory grows only with the rows. */
export class RowTotals {
  private readonly topic: string
  private readonly subscription: string
  private readonly isPartitioned: boolean
  private readonly consumers = new ConsumerCount()
  private parts = 0
  private highest = 0
  private type: string | null = 'None'
  private withoutConsumer = 0
  private backlogEntries: number | null = 0
  private least = Infinity
  private most = {entries: -1, index: 0}
  private unackedMessages: number | null = 0
  private rateOutPerSecond: number | null = 0
  private isBlocked = false
  private isStalled: boolean | null = false
  /** of each stalled partition the clients that have its messages; they may be at work on another partition */
  private readonly heldBy: Array<readonly string[]> = []
  private readonly active = new Set<string>()
  private unackedSinceMs = Infinity
  private mayBeUnackedFor = false

  constructor(topic: string, subscription: string, isPartitioned: boolean) {
    this.topic = topic
    this.subscription = subscription
    this.isPartitioned = isPartitioned
  }

  /** Partition numbers run from 0 without a gap: a gap is a partition that no broker reported. */
  get isComplete(): boolean {
    return this.parts === this.highest + 1
  }

  /** @param index the partition's number, 0 on a plain topic. The caller adds each partition once. */
  add(index: number, state: PartitionState): void {
    this.parts++
    this.highest = Math.max(this.highest, index)
    this.type = this.type === null ? null : commonType([this.type, state.type])
    this.consumers.addPartition(state.consumerNames)
    if (state.consumerNames.length === 0) this.withoutConsumer++
    this.backlogEntries = sumKnown([this.backlogEntries, state.backlogEntries])
    this.spread(index, state.backlogEntries ?? 0)
    this.unackedMessages = sumKnown([this.unackedMessages, state.unackedMessages])
    this.rateOutPerSecond = sumKnown([this.rateOutPerSecond, state.rateOutPerSecond])
    this.isBlocked ||= state.isBlocked
    if (state.isStalled === true && state.heldBy !== null) this.heldBy.push(state.heldBy)
    else this.isStalled = either(this.isStalled, state.isStalled)
    for (const client of state.activeClients) this.active.add(client)
    this.unackedSinceMs = Math.min(this.unackedSinceMs, state.unackedSinceMs ?? Infinity)
    this.mayBeUnackedFor ||= state.mayBeUnackedFor
  }

  grouped(): GroupedRow {
    return {row: this.row(), mayBeUnackedFor: this.mayBeUnackedFor}
  }

  private row(): SubscriptionRow {
    const {isPartitioned, least, most} = this
    return {
      topic: this.topic,
      subscription: this.subscription,
      type: this.type,
      partitions: isPartitioned ? this.parts : null,
      consumers: this.consumers.total,
      partitionsWithoutConsumer: isPartitioned ? this.withoutConsumer : 0,
      backlogEntries: this.backlogEntries,
      spread: isPartitioned && this.backlogEntries !== null ? {least, most: most.entries, mostOn: most.index} : null,
      unackedMessages: this.unackedMessages,
      rateOutPerSecond: this.rateOutPerSecond,
      isBlocked: this.isBlocked,
      isStalled: isSystemCursor(this.subscription) ? null : this.isStalledAnywhere(),
      unackedSince: this.unackedSinceMs === Infinity ? null : new Date(this.unackedSinceMs).toISOString(),
    }
  }

  private isStalledAnywhere(): boolean | null {
    return this.heldBy.every((clients) => isExcused(clients, this.active)) ? this.isStalled : true
  }

  private spread(index: number, entries: number): void {
    this.least = Math.min(this.least, entries)
    const {most} = this
    if (entries > most.entries || (entries === most.entries && index < most.index)) this.most = {entries, index}
  }
}

/** True if either is true; otherwise null if either is unknown. */
function either(one: boolean | null, other: boolean | null): boolean | null {
  if (one === true || other === true) return true
  return one === null || other === null ? null : false
}

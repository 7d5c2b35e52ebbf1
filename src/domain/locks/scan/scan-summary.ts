import type {LockRecord, LockRelation} from '../recognition/lock-record.js'
import {compareVerdicts, LOCK_VERDICTS, type LockVerdict} from '../recognition/lock-verdicts.js'

export interface HolderCount {
  /** a host, the generated id of a process, or the name in the token */
  holder: string
  locks: number
}

export interface LockSummary {
  locks: number
  /** number of locks by their worst verdict, without zeros */
  verdicts: Partial<Record<LockVerdict, number>>
  families: Record<string, number>
  /** number of locks by the relation of their holders to the subscription */
  relations: Partial<Record<LockRelation | 'unknown', number>>
  /** the identified holders with the most locks, in descending order */
  holders: HolderCount[]
}

const HOLDERS_SHOWN = 20
/** Limits the memory: there may be millions of holders with a single lock. */
const HOLDERS_KEPT = 10_000

/** Counts the locks of a scan and keeps the worst of them, with a limit on the memory. */
export class LockCounts {
  private readonly worst: WorstLocks
  private readonly verdicts = new Map<LockVerdict, number>()
  private readonly families = new Map<string, number>()
  private readonly relations = new Map<LockRelation | 'unknown', number>()
  private readonly holders = new Map<string, number>()
  private total = 0

  /** @param limit maximum number of locks to keep, the worst ones; all are counted. */
  constructor(limit: number) {
    this.worst = new WorstLocks(limit)
  }

  get count(): number {
    return this.total
  }

  add(lock: LockRecord): void {
    this.total++
    increase(this.verdicts, lock.verdict)
    increase(this.families, lock.family)
    if (lock.messages) increase(this.relations, lock.messages.relation ?? 'unknown')
    const holder = lock.holder?.host ?? lock.holder?.instance ?? lock.holder?.consumer ?? null
    if (holder !== null && (this.holders.has(holder) || this.holders.size < HOLDERS_KEPT))
      increase(this.holders, holder)
    this.worst.add(lock)
  }

  /** The locks up to the limit: the worst verdict first, then by key. */
  list(): LockRecord[] {
    return this.worst.list()
  }

  summary(): LockSummary {
    return {
      locks: this.total,
      verdicts: Object.fromEntries(
        LOCK_VERDICTS.flatMap((verdict) => {
          const count = this.verdicts.get(verdict)
          return count === undefined ? [] : [[verdict, count]]
        }),
      ),
      relations: Object.fromEntries(this.relations),
      families: Object.fromEntries([...this.families].toSorted(([a], [b]) => a.localeCompare(b))),
      holders: [...this.holders]
        .map(([holder, locks]) => ({holder, locks}))
        .toSorted((a, b) => b.locks - a.locks || a.holder.localeCompare(b.holder))
        .slice(0, HOLDERS_SHOWN),
    }
  }
}

/** Keeps the worst of all locks in a binary heap. Its root is the lock that is replaced first. */
class WorstLocks {
  private readonly heap: LockRecord[] = []
  private readonly limit: number

  constructor(limit: number) {
    this.limit = limit
  }

  add(lock: LockRecord): void {
    const {heap} = this
    const [root] = heap
    if (heap.length < this.limit) this.rise(heap.push(lock) - 1, lock)
    else if (root && compareLocks(lock, root) < 0) this.sink(lock)
  }

  list(): LockRecord[] {
    return this.heap.toSorted(compareLocks)
  }

  /** Moves a new lock from the end of the heap up to its place. */
  private rise(end: number, lock: LockRecord): void {
    const {heap} = this
    let at = end
    for (;;) {
      const above = (at - 1) >> 1
      const parent = heap[above]
      if (at === 0 || parent === undefined || compareLocks(parent, lock) >= 0) break
      heap[at] = parent
      at = above
    }
    heap[at] = lock
  }

  /** Replaces the root by another lock, and moves that down to its place. */
  private sink(lock: LockRecord): void {
    const {heap} = this
    let at = 0
    for (;;) {
      const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]]
      const isRight = left !== undefined && right !== undefined && compareLocks(right, left) > 0
      const child = isRight ? right : left
      if (child === undefined || compareLocks(child, lock) <= 0) break
      heap[at] = child
      at = 2 * at + (isRight ? 2 : 1)
    }
    heap[at] = lock
  }
}

/** The worst verdict first, then by key. */
function compareLocks(a: LockRecord, b: LockRecord): number {
  return compareVerdicts(a.verdict, b.verdict) || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)
}

function increase<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

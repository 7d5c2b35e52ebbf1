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

/** Keeps the worst of all locks, by their verdict. Of the locks with the same verdict, those that were found first are kept. */
class WorstLocks {
  /** by verdict, the worst first */
  private readonly locks = LOCK_VERDICTS.map((): LockRecord[] => [])
  private readonly limit: number
  private kept = 0

  constructor(limit: number) {
    this.limit = limit
  }

  add(lock: LockRecord): void {
    const rank = LOCK_VERDICTS.indexOf(lock.verdict)
    if (this.kept === this.limit) {
      const best = this.locks.findLastIndex(({length}) => length > 0)
      if (best <= rank) return
      this.locks[best]?.pop()
      this.kept--
    }
    this.locks[rank]?.push(lock)
    this.kept++
  }

  list(): LockRecord[] {
    return this.locks.flat().toSorted(compareLocks)
  }
}

/** The worst verdict first, then by key. */
function compareLocks(a: LockRecord, b: LockRecord): number {
  return compareVerdicts(a.verdict, b.verdict) || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)
}

function increase<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

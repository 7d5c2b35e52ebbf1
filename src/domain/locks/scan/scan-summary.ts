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
  private readonly wrong: LockRecord[] = []
  private readonly healthy: LockRecord[] = []
  private readonly verdicts = new Map<LockVerdict, number>()
  private readonly families = new Map<string, number>()
  private readonly relations = new Map<LockRelation | 'unknown', number>()
  private readonly holders = new Map<string, number>()
  private readonly limit: number
  private total = 0

  /** @param limit maximum number of locks to keep; all are counted. */
  constructor(limit: number) {
    this.limit = limit
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
    const kind = lock.verdict === 'healthy' ? this.healthy : this.wrong
    if (kind.length < this.limit) kind.push(lock)
  }

  /** The locks up to the limit: the worst verdict first, then by key. */
  list(): LockRecord[] {
    return [...this.wrong, ...this.healthy]
      .slice(0, this.limit)
      .toSorted((a, b) => compareVerdicts(a.verdict, b.verdict) || a.key.localeCompare(b.key))
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

function increase<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

import type {LockRecord, LockRelation} from '../recognition/lock-record.js'
import {compareVerdicts, LOCK_VERDICTS, type LockVerdict} from '../recognition/lock-verdicts.js'

export interface HolderCount {
  /** a host, or else a process by an id of its own, or what the holder calls itself */
  holder: string
  locks: number
}

export interface LockSummary {
  locks: number
  /** by their worst verdict; those that no lock has are left out */
  verdicts: Partial<Record<LockVerdict, number>>
  families: Record<string, number>
  /** by how their holders stand to the subscription asked about; `unknown` where that can't be told */
  relations: Partial<Record<LockRelation | 'unknown', number>>
  /** who holds most, the first first; of holders that the locks name */
  holders: HolderCount[]
}

const HOLDERS_SHOWN = 20
/** Who holds one lock only is of no interest, and there may be millions. */
const HOLDERS_KEPT = 10_000

/** Counts the locks of a scan and keeps the worst of them, in memory that does not grow with their number. */
export class LockCounts {
  private readonly wrong: LockRecord[] = []
  private readonly healthy: LockRecord[] = []
  private readonly verdicts = new Map<LockVerdict, number>()
  private readonly families = new Map<string, number>()
  private readonly relations = new Map<LockRelation | 'unknown', number>()
  private readonly holders = new Map<string, number>()
  private readonly limit: number
  private total = 0

  /** @param limit the most locks to keep; all are counted. */
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

  /** As many as the limit allows: what is wrong first, then by key. */
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

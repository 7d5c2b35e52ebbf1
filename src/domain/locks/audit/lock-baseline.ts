import type {StoredBaseline, StoredLock} from '../../../clients/files/lock-baseline-file.js'
import type {FamilyLikelihood, LockHolder} from '../recognition/recognized-lock.js'
import type {LockRecord} from '../recognition/lock-record.js'
import type {LockVerdict} from '../recognition/lock-verdicts.js'
import type {EarlierSample} from '../recognition/renewals.js'
import type {EarlierSamples} from '../scan/observer.js'

/**
 * How a lock changed since the last audit. `changed`: another holder has it, or its verdicts differ. `ended`: it no longer
 * exists.
 */
export const LOCK_CHANGES = ['new', 'changed', 'same', 'ended'] as const
export type LockChange = (typeof LOCK_CHANGES)[number]

/** A lock compared with the last audit. */
export interface AuditedLock {
  key: string
  change: LockChange
  /** what changed; empty unless `change` is `changed` */
  changed: Array<'holder' | 'verdicts'>
  /** when an audit first saw this holder with the lock, ISO 8601 */
  firstSeenAt: string
  /** when an audit last saw the lock, ISO 8601 */
  lastSeenAt: string
  /** as in `locks scan` */
  family: string
  /** as in `locks scan`; empty for a lock that ended */
  candidates: FamilyLikelihood[]
  /** the first of several holders; null when unknown, and for a lock that ended */
  holder: LockHolder | null
  /** null when it never expires, and for a lock that ended */
  ttlMs: number | null
  heldAtLeastMs: number | null
  /** as in `locks scan` */
  waiters: number | null
  /** the worst of `verdicts`; for a lock that ended, of the last audit */
  verdict: LockVerdict
  verdicts: LockVerdict[]
  /** as in `locks scan` */
  isAssumed: boolean
}

/** The locks of the last audit, and those that this one has seen so far. */
export class LockBaseline implements EarlierSamples {
  private readonly before: ReadonlyMap<string, StoredLock>
  private readonly samples = new Map<string, EarlierSample & {readonly id: string}>()
  private readonly now = new Map<string, StoredLock>()
  private readonly byId: ReadonlyMap<string, StoredLock>

  /** @param before null for the first audit. */
  constructor(before: StoredBaseline | null) {
    const locks = before?.locks ?? []
    this.before = new Map(locks.map((lock) => [lock.key, lock]))
    this.byId = new Map(locks.filter(({id}) => id !== '').map((lock) => [lock.id, lock]))
  }

  get(id: string): EarlierSample | null {
    return this.byId.get(id) ?? null
  }

  keep(id: string, sample: EarlierSample, key: string): void {
    this.samples.set(key, {...sample, id})
  }

  /** Compares a lock of this scan with the last audit. @param nowMs for a lock of which no sample was kept. */
  compare(lock: LockRecord, nowMs: number): AuditedLock {
    const {candidates, family, heldAtLeastMs, holder, isAssumed, key, ttlMs, verdict, verdicts, waiters} = lock
    const before = this.before.get(key)
    const sample = this.samples.get(key)
    this.samples.delete(key)
    const id = sample?.id ?? ''
    const isSameHolder = before?.id === id
    const firstSeenMs = sample?.firstSeenMs ?? (isSameHolder ? before.firstSeenMs : nowMs)
    const atMs = sample?.atMs ?? nowMs
    const {expiresAtMs = -1, renewedToMs = null} = sample ?? {}
    this.now.set(key, {key, id, family, verdicts, firstSeenMs, atMs, expiresAtMs, renewedToMs})
    const changed: AuditedLock['changed'] = []
    if (before && !isSameHolder) changed.push('holder')
    if (before && before.verdicts.join() !== verdicts.join()) changed.push('verdicts')
    return {
      key,
      change: before === undefined ? 'new' : changed.length > 0 ? 'changed' : 'same',
      changed,
      firstSeenAt: new Date(firstSeenMs).toISOString(),
      lastSeenAt: new Date(atMs).toISOString(),
      ...{family, candidates, holder, ttlMs, heldAtLeastMs, waiters, verdict, verdicts, isAssumed},
    }
  }

  /** The locks of the last audit that this one did not find. */
  ended(): AuditedLock[] {
    return this.unseen().map(({atMs, family, firstSeenMs, key, verdicts}) => ({
      key,
      change: 'ended',
      changed: [],
      firstSeenAt: new Date(firstSeenMs).toISOString(),
      lastSeenAt: new Date(atMs).toISOString(),
      family,
      candidates: [],
      ...{holder: null, ttlMs: null, heldAtLeastMs: null, waiters: null},
      verdict: (verdicts[0] ?? 'healthy') as LockVerdict,
      verdicts: [...verdicts] as LockVerdict[],
      isAssumed: false,
    }))
  }

  /** The locks for the next audit. @param keepsUnseen whether locks that were not found may still exist. */
  stored(keepsUnseen: boolean): StoredLock[] {
    return [...this.now.values(), ...(keepsUnseen ? this.unseen() : [])]
  }

  private unseen(): StoredLock[] {
    return [...this.before.values()].filter(({key}) => !this.now.has(key))
  }
}

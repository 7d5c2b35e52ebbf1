import type {LockType} from '../reading/sampled-key.js'

/**
 * How one library's locks look, whose they are, and what a release has to do. All of it is data that JSON can hold: who
 * uses a library that is not here describes it in a file.
 *
 * Regular expressions are text and match the whole. In templates, `${key}` is the lock's key, `${tagged}` the same in
 * braces unless it has some, `${group}` what a named group of the form found in the key, and `*` anything.
 */
export interface LockFamily {
  /** lower case, with hyphens: `redisson-read-write` */
  name: string
  /** for a person: which libraries, in which versions */
  title: string
  /** the first that fits counts */
  forms: LockForm[]
  lease: LockLease
  /** keys that belong to a lock of this family and are none themselves */
  companions?: LockCompanion[]
  /** whether its library can take it on several independent servers at once, as Redlock does: more than half have to have it */
  onSeveralServers?: boolean
  release: ReleaseProtocol
}

/** What a user's file of families holds. */
export type LockFamilies = LockFamily[]

/** One shape in which a lock is stored. */
export interface LockForm {
  type: LockType
  /** the key; anything where it is left out */
  key?: string
  /**
   * A string's value, or each field, member or element. Named groups tell of the holder: `host`, `pid`, `thread`,
   * `consumer`, `instance` (a process, by an id of its own); of times `acquiredAt` (ISO 8601), `expiresAtSeconds`, and `uuid1`, a
   * version 1 UUID in hex, which holds the time of acquisition.
   */
  token: string
  /** a hash's values or a zset's scores; groups `count`, `acquiredAtSeconds`, `expiresAtMs` */
  entry?: string
  /** one more field or member that has to stand beside the holders' */
  requiredField?: string
  /** the same, but it may be missing */
  optionalField?: string
  /** how many holders there may be; 1 unless given */
  holders?: 'many' | 'one'
  /** whether it counts only where a lock is expected, by the pattern or the key's words: other things look like it */
  needsContext?: boolean
  /** whether the key alone tells that it is such a lock: then one in another type is one gone wrong */
  isUnambiguous?: boolean
  /** how sure it is, from 0 to 1 */
  confidence: number
  /** families that can look exactly the same */
  lookalikes?: string[]
}

export interface LockLease {
  /** what the library sets by default, in ms; null where it sets none, or the caller has to say */
  ttlMs: number | null
  /** how often it renews it by itself, in ms; null where it does not, or the caller has to */
  renewEveryMs: number | null
  /**
   * Whether a key without a TTL is normal for it: its end is elsewhere. Otherwise such a lock lasts for ever when its holder
   * dies.
   */
  expiresByValue?: boolean
  /** whether it may stay for some time after its work has ended: then a long hold is nothing bad */
  outlivesWork?: boolean
}

export interface LockCompanion {
  type: LockType
  /** a template */
  key: string
  /**
   * The lock's key, a template of what the names in `key` found. Given where it has no place without its lock: one without a
   * TTL is a leak then.
   */
  lock?: string
  /** `waiters` wait in order, `deadlines` are theirs; `counter` outlives its lock by design, and so does `index` */
  role: 'counter' | 'deadlines' | 'hold' | 'index' | 'info' | 'signal' | 'waiters'
}

export type ReleaseProtocol =
  | {
      how: 'compare-and-delete'
      /** how those who wait are told */
      notify?: ReleaseNotification
      /** roles of the companions that go with the lock */
      deletesCompanions?: Array<LockCompanion['role']>
    }
  | {
      /** deleting it does harm: what to do instead, for a person */
      how: 'never'
      instead: string
    }

export type ReleaseNotification =
  | {
      by: 'publish'
      /** a template */
      channel: string
      message: string
      /** where waiters stand in line, each listens on a channel of its own: a template too, with `${waiter}` */
      waiterChannel?: string
    }
  | {
      by: 'push'
      /** a template */
      list: string
      element: string
      expireMs: number
    }

import type {LockType} from '../reading/sampled-key.js'

/**
 * The lock format of one library: how to recognize a lock, how to identify its holder, and how to release it. It contains
 * only JSON data, so that users can describe other libraries in a file.
 *
 * Regular expressions are strings and must match the entire text. In templates, `${key}` is the lock's key, `${tagged}` the
 * key in braces unless it has braces already, `${group}` the text of a named group of the form's key, and `*` any text.
 */
export interface LockFamily {
  /** in lower case with hyphens: `redisson-read-write` */
  name: string
  /** shown to the user: the libraries and their versions */
  title: string
  /** the first form that matches is used */
  forms: LockForm[]
  lease: LockLease
  /** whether each acquisition writes a new token, so that the same token means the same hold; default: it may be the same each time */
  isTokenUnique?: boolean
  /** other keys that belong to a lock of this family */
  companions?: LockCompanion[]
  /** whether the library can acquire it on several independent servers (Redlock); it is held if more than half have it */
  onSeveralServers?: boolean
  release: ReleaseProtocol
}

/** The content of a user's file of lock families. */
export type LockFamilies = LockFamily[]

/** One way in which a lock is stored. */
export interface LockForm {
  type: LockType
  /** expression for the key; any key when omitted */
  key?: string
  /**
   * Expression for the value of a string, or for each field, member or element. Named groups of the holder: `host`, `pid`,
   * `thread`, `consumer` and `instance` (a process id that the library generates). Named groups of times: `acquiredAt`
   * (ISO 8601), `expiresAtSeconds`, `expiresAtMs`, `timeSeconds` and `timeMs` (the end of the lease when it is in the future,
   * unclear otherwise), and `uuid1` or `uuid1Bytes`, a version 1 UUID in hex or base64, which contains the time of acquisition.
   * `random` must look like random letters and digits. Where the value does not identify a holder: `free` (no client holds the lock), `waiting` (a client waits for it) and `holders` (their number).
   */
  token: string
  /** expression for hash values or zset scores; groups `count`, `acquiredAtSeconds`, `expiresAtMs` */
  entry?: string
  /** a field or member that must exist in addition to the holders */
  requiredField?: string
  /** a field or member that may exist in addition to the holders */
  optionalField?: string
  /** whether several holders are allowed; default `one` */
  holders?: 'many' | 'one'
  /** the time from the end in the value to the expiry of the key, in ms; another time does not match */
  endsBeforeTtlMs?: {least: number; most: number}
  /** whether it matches only where the pattern or the key name says that the key is a lock, because other data has the same format */
  needsContext?: boolean
  /** whether the key name alone identifies the format; such a key with another Redis type is reported as `wrong-type` */
  isUnambiguous?: boolean
  /** what distinguishes it from other locks, shown as evidence: `18 random bytes in base64 under lock:NAME` */
  shows?: string
  /**
   * From 0 to 1: the likelihood that a lock of this form belongs to this family, if the only alternative is a home-made lock.
   * Several families whose forms match share the likelihood.
   */
  confidence: number
}

export interface LockLease {
  /** the library's default TTL in ms; null when it has none, or the caller must set it */
  ttlMs: number | null
  /** how often the library renews the lock automatically, in ms; null when only the caller can renew it */
  renewEveryMs: number | null
  /** whether the library sets a TTL on every lock, so that a lock without a TTL is probably not one of this family */
  alwaysExpires?: boolean
  /** whether a key without a TTL is normal, because the expiry is in the value; otherwise such a lock can stay forever */
  expiresByValue?: boolean
  /** whether the lock is kept for some time after its work has ended, so that a long hold time is normal */
  outlivesWork?: boolean
}

export interface LockCompanion {
  type: LockType
  /** a template */
  key: string
  /**
   * Template of the lock's key, with the names of `key`. Set it when the companion must not exist without its lock: a
   * companion without a TTL and without its lock is then reported as a leak.
   */
  lock?: string
  /** `waiters` is the wait queue, `deadlines` the deadlines of its waiters; `counter` and `index` outlive the lock by design */
  role: 'counter' | 'deadlines' | 'hold' | 'index' | 'info' | 'signal' | 'waiters'
}

export type ReleaseProtocol =
  | {
      how: 'compare-and-delete'
      /** how waiters are notified */
      notify?: ReleaseNotification
      /** roles of the companions that are deleted with the lock */
      deletesCompanions?: Array<LockCompanion['role']>
    }
  | {
      /** deleting the lock is unsafe */
      how: 'never'
      /** what the user should do instead */
      instead: string
    }

export type ReleaseNotification =
  | {
      by: 'publish'
      /** a template */
      channel: string
      message: string
      /** for locks with a wait queue, the channel of each waiter: a template with `${waiter}` */
      waiterChannel?: string
    }
  | {
      by: 'push'
      /** a template */
      list: string
      element: string
      expireMs: number
    }

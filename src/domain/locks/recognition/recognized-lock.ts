import type {LockCompanion, LockFamily, LockLease, ReleaseProtocol} from '../families/family.js'

export interface LockHolder {
  /** exactly as stored, because a release compares it; base64:… when it is not UTF-8 text */
  token: string
  /** the token without the quotes or the serialization around it; null when it is stored without */
  text: string | null
  host: string | null
  pid: number | null
  thread: number | null
  /** the name that the holder wrote into the token */
  consumer: string | null
  /** the id that the library generated for the process */
  instance: string | null
}

/** A family that a lock may be of. */
export interface FamilyLikelihood {
  /** the name of the family */
  family: string
  /** from 0 to 1; the likelihoods of all candidates add up to 1 */
  likelihood: number
}

export interface LockCandidate extends FamilyLikelihood {
  /** what speaks for it, and what against it */
  evidence: string[]
}

/**
 * What is known about how the clients of a lock behave. While several families are possible, it contains only what they have in
 * common, and a notification, which has no effect if no client listens.
 */
export interface LockBehavior {
  /** a renewal is expected only if every candidate renews */
  readonly lease: LockLease
  /** `never` if any candidate must not be deleted */
  readonly release: ReleaseProtocol
  /** whether a Redlock is possible */
  readonly onSeveralServers: boolean
  readonly companions: readonly LockCompanion[]
  /** the named groups of the key, for the templates of `release` and `companions` */
  readonly groups: Readonly<Record<string, string>>
}

/** A lock with a known format. Times are epoch ms, null when the format does not contain them. */
export interface RecognizedLock {
  readonly kind: 'lock'
  /** the family that is clearly ahead; null when the evidence fits several families */
  readonly family: LockFamily | null
  /** the most likely one first */
  readonly candidates: readonly LockCandidate[]
  /** the candidates without their evidence */
  readonly likelihoods: FamilyLikelihood[]
  /** the name of the family, or the type of the lock such as `string lock` */
  readonly name: string
  /** the kind of token and the possible families; null when the family is known */
  readonly group: string | null
  readonly behavior: LockBehavior
  /** a semaphore and a read lock can have several; empty when the lock is free */
  readonly holders: readonly LockHolder[]
  /** the number of holders, which can be more than are listed when the value is a number */
  readonly holderCount: number
  /** how many times its only holder has acquired it; null when the format does not contain it */
  readonly reentrancy: number | null
  readonly acquiredAtMs: number | null
  /** the expiry in the value */
  readonly endsAtMs: number | null
  /** whether the value is a time in the past, either the end of the lease or the time of acquisition */
  readonly hasPastTime: boolean
  readonly hasConstantToken: boolean
  /** whether it has more holders than its format allows */
  readonly hasTooMany: boolean
  /** whether neither its format nor its name shows that it is a lock, and only the user takes it for one */
  readonly isAssumed: boolean
}

/** A key that belongs to a lock. */
export interface RecognizedCompanion {
  readonly kind: 'companion'
  readonly family: LockFamily
  readonly role: LockCompanion['role']
  /** possible keys of its lock; empty when it belongs to all locks of the family */
  readonly locks: readonly string[]
  /** whether it is a leak when it has no TTL and its lock does not exist */
  readonly needsLock: boolean
}

/** Neither a lock nor a companion. `hasWrongType`: the key name identifies a family that does not use this Redis type. */
export interface Unrecognized {
  readonly kind: 'unknown'
  readonly hasWrongType: boolean
  /** whether the key name contains a word for a lock */
  readonly isNamed: boolean
}

export type Recognized = RecognizedCompanion | RecognizedLock | Unrecognized

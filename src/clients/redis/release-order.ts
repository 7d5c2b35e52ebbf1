/** What a lock was when somebody decided to release it; all of it has to be the same still. */
export interface LockSnapshot {
  readonly key: Buffer
  readonly type: 'hash' | 'string' | 'zset'
  /** a string's value with null; of a hash all fields and values, of a zset all members and scores */
  readonly entries: ReadonlyArray<readonly [token: Buffer, entry: Buffer | null]>
  /** epoch ms; −1 for a key that never expires */
  readonly expiresAtMs: number
}

/** How a release goes on where the comparison holds. */
export interface ReleaseOrder extends LockSnapshot {
  /** instead of deleting it, let it expire after so long at most, in ms; null to delete it */
  readonly graceMs: number | null
  /** the only one of several holders that goes, a field or member; null where the key goes */
  readonly holder: Buffer | null
  /** keys that go with it */
  readonly alsoDelete: readonly string[]
  /** those who wait in line and are dead, and how the next one is told; null where nobody waits in line */
  readonly waitQueue: WaitQueue | null
  readonly notify: ReleaseNotification | null
}

export interface WaitQueue {
  /** a list of waiters, the next one first */
  readonly queue: string
  /** a zset of their deadlines */
  readonly deadlines: string
  readonly disconnected: readonly string[]
  /** the channel of a waiter is its name between these two */
  readonly channel: readonly [before: string, after: string]
}

export type ReleaseNotification =
  | {readonly by: 'publish'; readonly channel: string; readonly message: string}
  | {readonly by: 'push'; readonly list: string; readonly element: string; readonly expireMs: number}

/**
 * `changed`: another holder or another count; `renewed`: the same, with another end. In both cases nothing was done, nor when
 * it was `gone`.
 */
export type ReleaseOutcome = 'changed' | 'gone' | 'released' | 'renewed'

export interface Released {
  readonly outcome: ReleaseOutcome
  /** where somebody was told, and how many heard it; null where nobody was to be told */
  readonly notified: {readonly channel: string; readonly receivers: number} | null
}

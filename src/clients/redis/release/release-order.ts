/** The state of a lock when its release was planned; a release requires that it is unchanged. */
export interface LockSnapshot {
  readonly key: Buffer
  readonly type: 'hash' | 'string' | 'zset'
  /** the value of a string with null, all fields and values of a hash, or all members and scores of a zset */
  readonly entries: ReadonlyArray<readonly [token: Buffer, entry: Buffer | null]>
  /** epoch ms; −1 for a key that never expires */
  readonly expiresAtMs: number
}

/** What a release does when the lock is unchanged. */
export interface ReleaseOrder extends LockSnapshot {
  /** maximum TTL to set instead of deleting the lock, in ms; null to delete it */
  readonly graceMs: number | null
  /** field or member of the only holder to remove; null to delete the key */
  readonly holder: Buffer | null
  /** other keys to delete */
  readonly alsoDelete: readonly string[]
  /** null for a lock without a wait queue */
  readonly waitQueue: WaitQueue | null
  readonly notify: ReleaseNotification | null
}

export interface WaitQueue {
  /** list of waiters, the next one first */
  readonly queue: string
  /** zset of the waiters' deadlines */
  readonly deadlines: string
  /** the waiters to remove */
  readonly disconnected: readonly string[]
  /** prefix and suffix of a waiter's channel name */
  readonly channel: readonly [before: string, after: string]
}

export type ReleaseNotification =
  | {readonly by: 'publish'; readonly channel: string; readonly message: string}
  | {readonly by: 'push'; readonly list: string; readonly element: string; readonly expireMs: number}

/**
 * `changed`: the holder or the count is different. `renewed`: only the expiry is different. `ended`: the lock no longer exists.
 * Only `released` changed anything.
 */
export type ReleaseOutcome = 'changed' | 'ended' | 'released' | 'renewed'

export interface Released {
  readonly outcome: ReleaseOutcome
  /** the channel of the notification and its receivers; null without a notification */
  readonly notified: {readonly channel: string; readonly receivers: number} | null
}

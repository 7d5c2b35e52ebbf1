import type {LockRecord, RedlockState} from '../recognition/lock-record.js'
import {sortedVerdicts} from '../recognition/lock-verdicts.js'

/** A Redlock is acquired on one server after the other; a lock older than this is no longer being acquired. */
const ACQUIRED_WITHIN_MS = 2000

/**
 * Adds on how many of the independent Redlock servers the lock exists. On half of them or fewer it is not held: it is what a
 * failed attempt did not clean up.
 */
export function withRedlockState(lock: LockRecord, redlock: RedlockState): LockRecord {
  const {heldOn, notAsked, servers} = redlock
  const mayHaveQuorum = heldOn.length + notAsked > servers / 2
  if (mayHaveQuorum || (lock.heldAtLeastMs ?? 0) < ACQUIRED_WITHIN_MS) return {...lock, redlock}
  const verdicts = sortedVerdicts([...lock.verdicts.filter((verdict) => verdict !== 'healthy'), 'redlock-minority'])
  return {...lock, redlock, verdict: verdicts[0], verdicts}
}

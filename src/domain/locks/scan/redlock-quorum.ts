import type {LockRecord, RedlockState} from '../recognition/lock-record.js'
import {sortedVerdicts} from '../recognition/lock-verdicts.js'

/** A Redlock is taken on one server after the other, within its TTL: one that has stood for so long is not just being taken. */
const TAKEN_WITHIN_MS = 2000

/**
 * Says on how many of the independent servers a lock is held. Where not more than half have it, it is nobody's: a try that
 * failed has left it, and did not take it back.
 */
export function withRedlockState(lock: LockRecord, redlock: RedlockState): LockRecord {
  const {heldOn, notAsked, servers} = redlock
  const mayHaveQuorum = heldOn.length + notAsked > servers / 2
  if (mayHaveQuorum || (lock.heldAtLeastMs ?? 0) < TAKEN_WITHIN_MS) return {...lock, redlock}
  const verdicts = sortedVerdicts([...lock.verdicts.filter((verdict) => verdict !== 'healthy'), 'redlock-minority'])
  return {...lock, redlock, verdict: verdicts[0], verdicts}
}

import type {SubscriptionFacts} from '../facts/subscription-facts.js'
import type {Draft} from '../facts/doctor-finding.js'
import {operands, suggestedCommand} from '../../../suggested-command.js'
import {counted} from '../../../wording.js'

/** Locks that block messages: one finding for each. */
export function lockRules({locks, subscription, topic}: SubscriptionFacts): Draft[] {
  return locks.map(
    ({consumer, heldAtLeastMs, holder, key, lock, messages, oldestAgeMs, partition, relation, ttlMs}) => {
      const heldBy = holder ?? 'an unknown client'
      const relationText = relation === 'other-consumer' ? 'another consumer' : 'not a connected consumer'
      const receiver = consumer?.name ?? consumer?.address ?? null
      return {
        code: 'locked-key',
        severity: 'error',
        message:
          `${counted(messages, 'message')} of key ${key} ${messages === 1 ? 'is' : 'are'} blocked by the Redis lock ${lock}. ` +
          `It is held by ${heldBy}, ${relationText}${ttlMs === null ? '; the lock never expires' : ''}` +
          (receiver === null ? '' : `. The consumer of the key is ${receiver}`),
        partitions: [partition],
        consumer,
        key,
        evidence: [
          {field: 'lock', value: lock},
          {field: 'ttlMs', value: ttlMs === null ? 'none' : String(ttlMs)},
          {field: 'heldAtLeastMs', value: String(heldAtLeastMs ?? 'unknown')},
          {field: 'oldestAgeMs', value: String(oldestAgeMs ?? 'unknown')},
        ],
        remedies: [
          {command: suggestedCommand('locks', 'inspect', ...operands(lock)), cost: 'none'},
          {command: suggestedCommand('keys', 'owner', ...operands(topic, subscription, key)), cost: 'none'},
          {
            command: suggestedCommand('locks', 'release', '-o', 'plan.json', ...operands(lock)),
            cost: 'none yet, plan only. Releasing lets a second worker start on the key if the holder is still active',
          },
        ],
      }
    },
  )
}

import type {SubscriptionFacts} from '../facts/subscription-facts.js'
import type {Draft} from '../facts/doctor-finding.js'
import {suggestedCommand} from '../../../suggested-command.js'

/** Locks that keep messages from being handled: one finding for each. */
export function lockRules({locks, subscription, topic}: SubscriptionFacts): Draft[] {
  return locks.map(
    ({consumer, heldAtLeastMs, holder, key, lock, messages, oldestAgeMs, partition, relation, ttlMs}) => {
      const who = holder ?? 'nobody that can be told'
      const gets = consumer?.name ?? consumer?.address ?? null
      const is = relation === 'other-consumer' ? 'another consumer' : 'no consumer that lives'
      return {
        code: 'locked-key',
        severity: 'error',
        message:
          `${String(messages)} messages of key ${key} wait behind the Redis lock ${lock}, held by ${who}: ${is}` +
          `${gets === null ? '' : `; they go to ${gets}`}${ttlMs === null ? ', and it never ends by itself' : ''}`,
        partitions: [partition],
        consumer,
        key,
        evidence: [
          {field: 'lock', value: lock},
          {field: 'ttlMs', value: ttlMs === null ? 'none' : String(ttlMs)},
          {field: 'heldAtLeastMs', value: String(heldAtLeastMs ?? 'unknown')},
          {field: 'oldest message of the key, ms', value: String(oldestAgeMs ?? 'unknown')},
        ],
        remedies: [
          {command: suggestedCommand('locks', 'inspect', lock), cost: 'none'},
          {command: suggestedCommand('keys', 'owner', topic, subscription, key), cost: 'none'},
          {
            command: suggestedCommand('locks', 'release', lock, '-o', 'plan.json'),
            cost: 'it is only planned; released, a second one works on the key if its holder lives after all',
          },
        ],
      }
    },
  )
}

import type {SubscriptionFacts} from '../facts/subscription-facts.js'
import {relationText} from '../../locks/consumers/lock-correlation.js'
import {evidence} from '../facts/evidence.js'
import type {Draft} from '../facts/doctor-finding.js'
import {operands} from '../../../suggested-command.js'
import {counted, keyText} from '../../../wording.js'
import {ownerRemedies, keyshift} from '../facts/remedies.js'

/** Locks that block messages: one finding for each. */
export function lockRules({locks, subscription, topic, type}: SubscriptionFacts): Draft[] {
  return locks.map(
    ({consumer, heldAtLeastMs, holder, key, lock, messages, oldestAgeMs, partition, relation, ttlMs}) => {
      const heldBy = holder ?? 'an unknown client'
      const isSure = relation === 'other-consumer' || relation === 'no-consumer' || relation === 'restarted'
      const receiver = consumer?.name ?? consumer?.address ?? null
      return {
        code: 'locked-key',
        explains: ['silent-consumers'],
        severity: isSure ? 'error' : 'warn',
        message:
          `${counted(messages, 'message')} of key ${keyText(key)} ${isSure ? (messages === 1 ? 'is' : 'are') : 'may be'} blocked by the Redis lock ${lock}. ` +
          `It is held by ${heldBy}, ${relationText(relation)}${ttlMs === null ? '; the lock never expires' : ''}` +
          (receiver === null ? '' : `. The consumer of the key is ${receiver}`),
        partitions: [partition],
        consumers: consumer === null ? [] : [consumer],
        key,
        evidence: [
          evidence('lock', lock),
          evidence('ttlMs', ttlMs === null ? 'none' : String(ttlMs)),
          evidence('heldAtLeastMs', heldAtLeastMs),
          evidence('oldestAgeMs', oldestAgeMs),
        ],
        remedies: [
          {command: keyshift('locks inspect', ...operands(lock)), cost: 'none'},
          ...ownerRemedies({subscription, topic, type}, key),
          {
            command: keyshift('locks release', '-o', 'plan.json', ...operands(lock)),
            cost: 'none yet, plan only. Releasing lets a second worker start on the key if the holder is still active',
          },
        ],
      }
    },
  )
}

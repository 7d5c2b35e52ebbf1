import type {SubscriptionFacts} from './subscription-facts.js'
import type {Draft} from './doctor-finding.js'
import {operands, suggestedCommand} from '../../../suggested-command.js'

/** The command that names the consumer of a key; none on Shared, where any consumer may receive it. */
export function ownerRemedies(
  {subscription, topic, type}: Pick<SubscriptionFacts, 'subscription' | 'topic' | 'type'>,
  key: string,
): Draft['remedies'] {
  if (type === 'Shared') return []
  return [{command: suggestedCommand('keys', 'owner', ...operands(topic, subscription, key)), cost: 'none'}]
}

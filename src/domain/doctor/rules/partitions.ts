import {counted} from '../../../wording.js'
import type {Draft} from '../facts/doctor-finding.js'
import {evidence} from '../facts/evidence.js'
import {type SubscriptionFacts, whereText} from '../facts/subscription-facts.js'
import {inspectCommand, partitionNameOf, pulsarAdmin} from '../facts/remedies.js'

/**
 * A subscription that exists on a part of the partitions: it was created on single partitions, or deleted from some. The broker
 * keeps no messages for it on the others.
 */
export function partitionRules(facts: SubscriptionFacts): Draft[] {
  const {missingOn, subscription, topic} = facts
  const [first] = missingOn
  if (!first) return []
  const published = missingOn.reduce((sum, row) => sum + (row.published ?? 0), 0)
  return [
    {
      code: 'subscription-missing-on-partitions',
      severity: 'warn',
      message:
        `The subscription does not exist${whereText(missingOn)}, so the broker keeps no messages for it there` +
        (published > 0 ? `; ${counted(published, 'message')} arrived between the samples` : ''),
      partitions: missingOn.map(({partition}) => partition),
      evidence: missingOn.map((row) => evidence('msgInCounter', risen(row.published), row.partition)),
      remedies: [
        inspectCommand(facts),
        // One command only: a topic may have thousands of partitions, and remedies are alternatives.
        {
          command: pulsarAdmin(
            'topics create-subscription',
            ...['--subscription', subscription, '--messageId', 'earliest'],
            partitionNameOf(topic, first.partition),
          ),
          cost:
            'consumers receive every message that the partition still has, including messages that they may have processed before; ' +
            `without a consumer there, a backlog builds up${missingOn.length === 1 ? '' : '. Run it for each of these partitions'}`,
        },
      ],
    },
  ]
}

function risen(published: number | null): string {
  return published === null ? 'unknown' : `+${String(published)}`
}

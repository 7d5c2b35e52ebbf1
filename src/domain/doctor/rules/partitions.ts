import {counted} from '../../../wording.js'
import type {Draft} from '../facts/doctor-finding.js'
import {evidence} from '../facts/evidence.js'
import {type SubscriptionFacts, whereText} from '../facts/subscription-facts.js'
import {inspectCommand, partitionNameOf, pulsarAdmin} from '../facts/remedies.js'

/** A topic may have thousands of partitions; commands for all of them would hide the rest of the report. */
const MOST_COMMANDS = 3

/**
 * A subscription that exists on a part of the partitions: it was created on single partitions, or deleted from some. The broker
 * keeps no messages for it on the others.
 */
export function partitionRules(facts: SubscriptionFacts): Draft[] {
  const {missingOn, subscription, topic} = facts
  if (missingOn.length === 0) return []
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
        ...missingOn.slice(0, MOST_COMMANDS).map(({partition}) => ({
          command: pulsarAdmin(
            'topics create-subscription',
            ...['--subscription', subscription, '--messageId', 'earliest'],
            partitionNameOf(topic, partition),
          ),
          cost: 'consumers receive every message that the partition still has, including messages that they may have processed before; without a consumer there, a backlog builds up',
        })),
        ...(missingOn.length > MOST_COMMANDS
          ? [{command: 'run the same command for each of the other partitions', cost: 'as above'}]
          : []),
      ],
    },
  ]
}

function risen(published: number | null): string {
  return published === null ? 'unknown' : `+${String(published)}`
}

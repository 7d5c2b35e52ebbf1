import type {SubscriptionReport} from '../../../domain/subscriptions/inspect/subscription-report.js'
import {renderConsumers, renderProducers} from './subscription-clients.js'
import {renderPolicies} from './subscription-policies.js'
import {renderBlockers, renderLastActivity, renderBacklogRows} from './subscription-backlog.js'
import {paint} from '../../output/palette.js'
import {type Cell, renderPairs} from '../table.js'
import {suggestedCommand} from '../../../suggested-command.js'
import {numberText} from '../../../wording.js'

/** The sections in the order in which an operator needs them. */
export function renderSubscription(report: SubscriptionReport): string {
  return [
    renderPairs(headPairs(report)),
    section('Consumers', renderConsumers(report)),
    section('Backlog', renderBacklogRows(report)),
    section('Blockers', renderBlockers(report)),
    section('Last activity', renderLastActivity(report)),
    section('Effective limits and their origin', renderPolicies(report.policies)),
    section('Producers', renderProducers(report)),
    'Rates are averages of the broker, renewed every minute by default. To measure current rates, run:' +
      `\n  ${suggestedCommand('backlog', 'show', report.topic, report.subscription)}`,
  ].join('\n\n')
}

function section(title: string, text: string): string {
  return `${paint.heading(title)}\n${text}`
}

function headPairs(report: SubscriptionReport): Array<readonly [string, Cell]> {
  const {total} = report
  const [first] = report.partitions
  const properties = Object.entries(first?.properties ?? {})
  return [
    ['topic', report.topic],
    ['subscription', report.subscription],
    ['type', typeText(report)],
    ['partitions', partitionsText(report)],
    ['durable', report.isDurable],
    ['replicated', report.isReplicated],
    ['consumers', total.consumers],
    ['backlog entries', total.backlogEntries],
    ['unacked messages', total.unackedMessages],
    ...(properties.length === 0
      ? []
      : [['properties', properties.map(([name, value]) => `${name}=${value}`).join(' ')] as const]),
  ]
}

function partitionsText({missingOn, partitionCount, partitions}: SubscriptionReport): number | string | null {
  if (missingOn.length === 0) return partitionCount
  return `${numberText(partitions.length)} of ${numberText(partitionCount ?? 0)}; not on ${missingOn.join(', ')}`
}

function typeText({partitions, type}: SubscriptionReport): string {
  if (type === null) return 'mixed (partitions differ)'
  const modes = new Set(
    partitions.flatMap(({allowsOutOfOrder, keySharedMode}) =>
      keySharedMode === null ? [] : [`${keySharedMode}${allowsOutOfOrder ? ', out-of-order delivery allowed' : ''}`],
    ),
  )
  return modes.size === 0 ? type : `${type} (${[...modes].join('; ')})`
}

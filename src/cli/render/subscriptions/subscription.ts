import type {SubscriptionReport} from '../../../domain/subscriptions/inspect/subscription-report.js'
import {renderReaders, renderWriters} from './subscription-clients.js'
import {renderPolicies} from './subscription-policies.js'
import {renderHeld, renderLast, renderWaiting} from './subscription-backlog.js'
import {paint} from '../../output/palette.js'
import {type Cell, renderPairs} from '../table.js'
import {suggestedCommand} from '../../../suggested-command.js'

/** In the order in which a person asks. What is zero or unknown everywhere has no column. */
export function renderSubscription(report: SubscriptionReport): string {
  return [
    renderPairs(headPairs(report)),
    section('Who reads', renderReaders(report)),
    section('What waits', renderWaiting(report)),
    section('What holds it up', renderHeld(report)),
    section('When something last happened', renderLast(report)),
    section('Which limits apply, and where they are set', renderPolicies(report.policies)),
    section('Who writes', renderWriters(report)),
    "Rates are the broker's own averages, renewed each minute by default. To measure now:" +
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
    ['partitions', report.partitionCount],
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

function typeText({partitions, type}: SubscriptionReport): string {
  if (type === null) return 'mixed: partitions differ'
  const modes = new Set(
    partitions.flatMap(({allowsOutOfOrder, keySharedMode}) =>
      keySharedMode === null ? [] : [`${keySharedMode}${allowsOutOfOrder ? ', out of order' : ''}`],
    ),
  )
  return modes.size === 0 ? type : `${type} (${[...modes].join('; ')})`
}

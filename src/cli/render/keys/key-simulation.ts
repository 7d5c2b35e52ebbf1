import type {Evenness, Proposals} from '../../../domain/keys/simulation/name-search.js'
import type {SimulatedConsumer, SimulatedPartition} from '../../../domain/keys/simulation/simulate-partition.js'
import type {Assumption, KeySimulation} from '../../../domain/keys/simulation/simulation.js'
import {type Column, renderShare, renderTable} from '../table.js'
import {shellWord} from '../../../suggested-command.js'
import {counted, numberText, partitionLabel} from '../../../wording.js'

export function renderSimulation(report: KeySimulation): string {
  return [
    headline(report),
    ...report.partitions.map((partition) => renderPartition(partition, report)),
    report.failover.length === 0 ? '' : renderFailover(report),
    report.proposals ? renderProposals(report.proposals) : '',
    report.assumptions.map((assumption) => `Assumption: ${ASSUMED[assumption]}.`).join('\n'),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

const ASSUMED: Readonly<Record<Assumption, string>> = {
  'default-settings': 'the broker uses the default settings of Pulsar, because its settings could not be read',
  'join-order': 'consumers join in the order in which they connected; auto-split depends on this order',
  'name-index':
    'a consumer that is alone or has no slots was the first to join under its name, because its ranges do not show the order',
  'priority-level': 'all consumers have the same priority level, because the broker does not report it',
}

function headline(report: KeySimulation): string {
  const {algorithmSince, join, leave, points, selector, subscription, topic, type} = report
  const where = topic === null ? 'offline' : `${topic} ${subscription ?? ''}`
  const change = [
    ...(leave.length === 0 ? [] : [`${leave.join(', ')} ${leave.length === 1 ? 'leaves' : 'leave'}`]),
    ...(join.length === 0 ? [] : [`${join.join(', ')} ${join.length === 1 ? 'joins' : 'join'}`]),
  ].join('; ')
  const how = selector === null ? 'Failover' : `${selector} as of Pulsar ${algorithmSince ?? '-'}`
  const facts = [
    how,
    points === null ? '' : `${counted(points, 'point')} per consumer`,
    change === '' ? 'no change' : change,
  ]
  const simulated = selector === null ? 'Failover' : 'Key_Shared'
  const now =
    type === null || type === 'Key_Shared'
      ? ''
      : type === 'None'
        ? `\nThe subscription has no type, because no consumer has connected since the topic was loaded; the result applies to ${simulated}.`
        : `\nThe subscription is ${type}; the result applies after a change to ${simulated}.`
  return `${where}\n${facts.filter((fact) => fact !== '').join(', ')}${now}`
}

function renderPartition(partition: SimulatedPartition, {sampledMessages}: KeySimulation): string {
  const isSampled = sampledMessages !== null
  const sampled: ReadonlyArray<Column<SimulatedConsumer>> = [
    {head: 'messages before', cell: ({before}) => renderShare(before?.sampledShare ?? null), priority: 2},
    {head: 'messages after', cell: ({after}) => renderShare(after?.sampledShare ?? null), priority: 2},
  ]
  const columns: ReadonlyArray<Column<SimulatedConsumer>> = [
    {head: 'consumer', cell: ({name}) => name},
    {head: 'share before', cell: ({before}) => renderShare(before?.share ?? null)},
    {head: 'share after', cell: ({after}) => renderShare(after?.share ?? null)},
    {head: 'slots after', cell: ({after}) => after?.slots ?? null, priority: 3},
    ...(isSampled ? sampled : []),
  ]
  const where = partition.partition === null ? '' : `${partitionLabel(partition.partition)}: `
  return `${where}${movedText(partition)}\n${renderTable(columns, partition.consumers)}`
}

function movedText({draining, sampledShareMoved, shareMoved, skew, slotsMoved}: SimulatedPartition): string {
  const skews = [skew.before, skew.after].flatMap((value) => (value === null ? [] : [value.toFixed(2)]))
  const skewText = skews.length === 0 ? 'skew unknown' : `skew ${skews.join(' → ')}`
  if (slotsMoved === null) return skewText
  const keys = sampledShareMoved === null ? '' : `, ${renderShare(sampledShareMoved)} of the sampled messages`
  const expected = draining?.expectedMessages ?? null
  const atMost = draining?.atMostMessages == null ? '' : ` (max ${numberText(draining.atMostMessages)})`
  const drains = expected === null ? '' : `; in-flight messages to drain: ~${numberText(expected)}${atMost}`
  const again = draining?.redeliveredMessages ? `, to redeliver: ${numberText(draining.redeliveredMessages)}` : ''
  return `slots to move: ${numberText(slotsMoved)} (${renderShare(shareMoved)} of the key space${keys}), ${skewText}${drains}${again}`
}

function renderFailover({failover}: KeySimulation): string {
  return renderTable(
    [
      {head: 'partition', cell: ({partition}) => partition},
      {head: 'active before', cell: ({before}) => before},
      {head: 'active after', cell: ({after}) => after},
    ],
    failover,
  )
}

function renderProposals({current, names, points}: Proposals): string {
  const columns: ReadonlyArray<Column<{readonly what: string; readonly evenness: Evenness}>> = [
    {head: 'proposal', cell: ({what}) => what, fit: 'wrap'},
    {head: 'skew', cell: ({evenness}) => evenness.skew.toFixed(3)},
    {head: 'largest share', cell: ({evenness}) => renderShare(evenness.largestShare)},
    {head: 'smallest share', cell: ({evenness}) => renderShare(evenness.smallestShare), priority: 2},
  ]
  return renderTable(columns, [
    {what: 'requested change', evenness: current},
    ...names.map((proposal) => ({what: `--names-like ${shellWord(proposal.namesLike)}`, evenness: proposal})),
    ...points.map((proposal) => ({
      what: `${counted(proposal.points, 'point')} per consumer (broker setting)`,
      evenness: proposal,
    })),
  ])
}

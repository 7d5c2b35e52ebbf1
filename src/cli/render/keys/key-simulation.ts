import type {Evenness, Proposals} from '../../../domain/keys/simulation/name-search.js'
import type {SimulatedConsumer, SimulatedPartition} from '../../../domain/keys/simulation/simulate-partition.js'
import type {Assumption, KeySimulation} from '../../../domain/keys/simulation/simulation.js'
import {type Column, renderShare, renderTable} from '../table.js'

export function renderSimulation(report: KeySimulation): string {
  return [
    headline(report),
    ...report.partitions.map((partition) => renderPartition(partition, report)),
    report.failover.length === 0 ? '' : renderFailover(report),
    report.proposals ? renderProposals(report.proposals) : '',
    report.assumptions.map((assumption) => `assumed: ${ASSUMED[assumption]}`).join('\n'),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

const ASSUMED: Readonly<Record<Assumption, string>> = {
  'default-settings': "the broker's settings are Pulsar's defaults; they could not be read",
  'join-order': 'consumers join in the order in which they connected; auto-split depends on it',
  'name-index': 'a consumer that is alone, or owns nothing, is the first of its name',
  'priority-level': 'all consumers have the same priority; the broker does not tell it',
}

function headline(report: KeySimulation): string {
  const {algorithmSince, join, leave, points, selector, subscription, topic, type} = report
  const where = topic === null ? 'offline' : `${topic} ${subscription ?? ''}`
  const change = [...leave.map((name) => `-${name}`), ...join.map((name) => `+${name}`)].join(' ')
  const how = selector === null ? 'failover' : `${selector} of Pulsar ${algorithmSince ?? ''}`
  const facts = [how, points === null ? '' : `${String(points)} points each`, change === '' ? 'no change' : change]
  const now = type === null || type === 'Key_Shared' ? '' : `\nnow ${type}: this is what a switch would give`
  return `${where}\n${facts.filter((fact) => fact !== '').join(', ')}${now}`
}

function renderPartition(partition: SimulatedPartition, {sampledMessages}: KeySimulation): string {
  const isSampled = sampledMessages !== null
  const sampled: ReadonlyArray<Column<SimulatedConsumer>> = [
    {head: 'keys before', cell: ({before}) => renderShare(before?.sampledShare ?? null), priority: 2},
    {head: 'keys after', cell: ({after}) => renderShare(after?.sampledShare ?? null), priority: 2},
  ]
  const columns: ReadonlyArray<Column<SimulatedConsumer>> = [
    {head: 'consumer', cell: ({name}) => name},
    {head: 'share before', cell: ({before}) => renderShare(before?.share ?? null)},
    {head: 'share after', cell: ({after}) => renderShare(after?.share ?? null)},
    {head: 'slots after', cell: ({after}) => after?.slots ?? null, priority: 3},
    ...(isSampled ? sampled : []),
  ]
  const where = partition.partition === null ? '' : `partition ${String(partition.partition)}: `
  return `${where}${movedText(partition)}\n${renderTable(columns, partition.consumers)}`
}

function movedText({draining, sampledShareMoved, shareMoved, skew, slotsMoved}: SimulatedPartition): string {
  const skews = [skew.before, skew.after].map((value) => (value === null ? '-' : value.toFixed(2))).join(' to ')
  if (slotsMoved === null) return `skew ${skews}`
  const keys = sampledShareMoved === null ? '' : `, ${renderShare(sampledShareMoved)} of the sampled messages`
  const expected = draining?.expectedMessages ?? null
  const drains =
    expected === null
      ? ''
      : `; about ${String(expected)} messages in flight have to drain (at most ${String(draining?.atMostMessages)})`
  const again = draining?.redeliveredMessages ? `, ${String(draining.redeliveredMessages)} are delivered again` : ''
  return `${String(slotsMoved)} slots move (${renderShare(shareMoved)}${keys}), skew ${skews}${drains}${again}`
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
    {what: 'as it would be', evenness: current},
    ...names.map((proposal) => ({what: `--names-like '${proposal.namesLike}'`, evenness: proposal})),
    ...points.map((proposal) => ({what: `${String(proposal.points)} points on the broker`, evenness: proposal})),
  ])
}

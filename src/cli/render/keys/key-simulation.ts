import type {Evenness, Proposals} from '../../../domain/keys/simulation/name-search.js'
import type {SimulatedConsumer, SimulatedPartition} from '../../../domain/keys/simulation/simulate-partition.js'
import type {Assumption, KeySimulation} from '../../../domain/keys/simulation/simulation.js'
import {renderShare, renderTable} from '../table.js'

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
  const head = [
    'consumer',
    'share before',
    'share after',
    'slots after',
    ...(isSampled ? ['keys before', 'keys after'] : []),
  ]
  const rows = partition.consumers.map((consumer) => consumerRow(consumer, isSampled))
  const where = partition.partition === null ? '' : `partition ${String(partition.partition)}: `
  return `${where}${movedText(partition)}\n${renderTable(head, rows)}`
}

function consumerRow({after, before, name}: SimulatedConsumer, isSampled: boolean): Array<number | string | null> {
  return [
    name,
    renderShare(before?.share ?? null),
    renderShare(after?.share ?? null),
    after?.slots ?? null,
    ...(isSampled ? [renderShare(before?.sampledShare ?? null), renderShare(after?.sampledShare ?? null)] : []),
  ]
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
  const rows = failover.map(({after, before, partition}) => [partition, before, after])
  return renderTable(['partition', 'active before', 'active after'], rows)
}

function renderProposals({current, names, points}: Proposals): string {
  const row = (what: string, {largestShare, skew, smallestShare}: Evenness): string[] => [
    what,
    skew.toFixed(3),
    renderShare(largestShare),
    renderShare(smallestShare),
  ]
  return renderTable(
    ['proposal', 'skew', 'largest share', 'smallest share'],
    [
      row('as it would be', current),
      ...names.map((proposal) => row(`--names-like '${proposal.namesLike}'`, proposal)),
      ...points.map((proposal) => row(`${String(proposal.points)} points on the broker`, proposal)),
    ],
  )
}

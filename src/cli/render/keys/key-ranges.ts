import type {RangeFinding, RangeFindingCode} from '../../../domain/keys/ranges/range-findings.js'
import type {DrainingSlot, RangePartition} from '../../../domain/keys/ranges/partition-ranges.js'
import type {KeyRanges} from '../../../domain/keys/ranges/range-report.js'
import type {SlotRange} from '../../../domain/keys/selectors/slot-ranges.js'
import {letterOf, renderStrip} from './key-space-strip.js'
import {currentView} from '../../output/page.js'
import {suggestedCommand} from '../../../suggested-command.js'
import {plainAddress} from '../subscriptions/subscription-clients.js'
import {type Column, renderShare, renderTable} from '../table.js'
import {counted, numberText, partitionLabel} from '../../../wording.js'

const RANGES_SHOWN = 3
const DRAINING_SHOWN = 10
/** Width of the strip without a line limit, and its maximum. */
const STRIP_WIDTH = {unlimited: 80, most: 200}
const MARGIN = 2

export interface RangeView {
  readonly hasEveryRange: boolean
}

interface Row {
  readonly letter: string
  readonly consumer: RangePartition['consumers'][number]
}

export function renderRanges(report: KeyRanges, view: RangeView): string {
  const parts = report.partitions.map((partition) => renderPartition(partition, view))
  return [`${report.topic} ${report.subscription}`, ...parts, legend(report, view), renderFindings(report)]
    .filter((part) => part !== '')
    .join('\n\n')
}

/** What the letters of the strips mean, and how to list the ranges that are left out. */
function legend({partitions}: KeyRanges, {hasEveryRange}: RangeView): string {
  const isCut =
    !hasEveryRange && partitions.some((one) => one.consumers.some(({ranges}) => ranges.length > RANGES_SHOWN))
  return [
    ...(partitions.some(hasStrip)
      ? ['Each letter of a strip marks the consumer that owns most slots in that part of the key space.']
      : []),
    ...(isCut ? ['To list every range, add --ranges.'] : []),
  ].join('\n')
}

function hasStrip({consumers, coverage, slotSpace}: RangePartition): boolean {
  return consumers.length > 0 && coverage !== null && slotSpace !== null
}

function renderPartition(partition: RangePartition, {hasEveryRange}: RangeView): string {
  const {width} = currentView()
  const strip = renderStrip(
    partition,
    Math.max(1, Math.min(width === Infinity ? STRIP_WIDTH.unlimited : width, STRIP_WIDTH.most) - MARGIN),
  )
  const columns: ReadonlyArray<Column<Row>> = [
    {head: '', cell: ({letter}) => letter},
    {head: 'consumer', cell: ({consumer}) => consumer.name},
    {head: 'address', cell: ({consumer}) => plainAddress(consumer), priority: 5},
    {head: 'slots', cell: ({consumer}) => consumer.slots, priority: 2},
    {head: 'share', cell: ({consumer}) => renderShare(consumer.share)},
    {head: 'permits', cell: ({consumer}) => consumer.availablePermits, priority: 3},
    {head: 'unacked', cell: ({consumer}) => consumer.unackedMessages},
    {
      head: 'ranges',
      cell: ({consumer}) => foldRanges(consumer.ranges, hasEveryRange ? Infinity : RANGES_SHOWN),
      fit: 'wrap',
      priority: hasEveryRange ? 1 : 4,
    },
  ]
  const rows = partition.consumers.map((consumer, at): Row => ({letter: letterOf(at), consumer}))
  const table = rows.length > 0 ? renderTable(columns, rows) : 'No consumer is connected, so no key has an owner.'
  return [headline(partition), ...(strip ?? []), coverageLine(partition), table, ...drainingLines(partition.draining)]
    .filter((line) => line !== '')
    .join('\n')
}

function headline({
  algorithmSince,
  isOrderGuaranteed,
  mode,
  partition,
  points,
  replayMessages,
  selector,
  selectorSource,
  skew,
}: RangePartition): string {
  const source = selectorSource === 'statistics' ? ' (detected from the statistics)' : ''
  const how = selector === null ? 'selector unknown' : `${selector} as of Pulsar ${algorithmSince ?? '-'}${source}`
  const facts = [
    how,
    points === null ? '' : `${counted(points, 'point')} per consumer`,
    mode === null ? '' : `mode ${mode}`,
    isOrderGuaranteed === null
      ? ''
      : isOrderGuaranteed
        ? 'ordered per key'
        : 'NO ORDER (out-of-order delivery is allowed)',
    skew === null ? '' : `skew ${skew.toFixed(2)}`,
    replayMessages === null || replayMessages === 0 ? '' : `${counted(replayMessages, 'message')} in the replay queue`,
  ]
  return `${partitionLabel(partition)}: ${facts.filter((fact) => fact !== '').join(', ')}`
}

function coverageLine({coverage}: RangePartition): string {
  if (!coverage) return 'unknown whether every slot has an owner'
  const {missing, overlapping} = coverage
  const gaps = missing.length === 0 ? 'every slot has an owner' : `NO OWNER for ${foldRanges(missing, RANGES_SHOWN)}`
  const overlaps = overlapping.length === 0 ? '' : `; OVERLAP at ${foldRanges(overlapping, RANGES_SHOWN)}`
  return gaps + overlaps
}

function drainingLines(draining: readonly DrainingSlot[]): string[] {
  const lines = draining
    .slice(0, DRAINING_SHOWN)
    .map(
      ({blockedAttempts, consumer, slot, unackedMessages}) =>
        `slot ${String(slot)} is draining: ${consumer ?? 'a consumer'} must first ack ${counted(unackedMessages, 'message')}; ` +
        counted(blockedAttempts, 'blocked attempt'),
    )
  const more = draining.length - lines.length
  return more > 0 ? [...lines, `and ${counted(more, 'more draining slot')}; --json has all`] : lines
}

const MEANINGS: Readonly<Record<RangeFindingCode, string>> = {
  'consumer-absent': 'a consumer of other partitions is not connected to this one',
  'coverage-missing': 'slots without an owner; their messages are not delivered',
  'coverage-overlapping': 'slots with more than one owner',
  'no-consumer':
    'no consumer is connected to this partition, so its messages are not delivered; consumers find added partitions at their next update, after up to 60 s by default',
  'duplicate-name': 'consumers share a name, so statistics cannot distinguish them',
  'consumer-without-slots': 'a consumer owns no slot and receives no messages',
  'selector-mismatch': 'the selector does not produce these ranges',
  'selector-unknown': 'no known selector produces these ranges',
  'settings-differ':
    'the broker configuration does not produce these ranges; the dispatcher may have been created with older settings',
}

function renderFindings({findings, subscription, topic}: KeyRanges): string {
  if (findings.length === 0) return ''
  const diagnosis = `For a diagnosis, run:\n  ${suggestedCommand('doctor', topic, subscription)}`
  return [...findings.map(findingText), diagnosis].join('\n')
}

function findingText({code, evidence, partition, severity}: RangeFinding): string {
  const where = partition === null ? '' : ` on ${partitionLabel(partition)}`
  const facts = evidence
    .map(({field, value}) => `${field}: ${typeof value === 'number' ? numberText(value) : value}`)
    .join(', ')
  return `${severity} ${code}${where}: ${MEANINGS[code]} (${facts})`
}

function foldRanges(ranges: readonly SlotRange[], shown: number): string {
  const texts = ranges
    .slice(0, shown)
    .map(({end, start}) => (start === end ? String(start) : `${String(start)}-${String(end)}`))
  const more = ranges.length - texts.length
  return texts.join(' ') + (more > 0 ? ` (+${String(more)} more)` : '')
}

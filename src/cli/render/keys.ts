import type {SlotRange} from '../../domain/keyshared/ranges.js'
import type {KeyOwners, KeyRanges, RangePartition} from '../../domain/keyshared/report.js'
import {renderShare, renderTable} from './table.js'

const RANGE_HEAD = ['partition', 'consumer', 'address', 'slots', 'share', 'ranges']
const RANGES_SHOWN = 3

export function renderRanges(report: KeyRanges): string {
  const rows = report.partitions.flatMap(({consumers, partition}) =>
    consumers.map((consumer) => [
      partition,
      consumer.name,
      consumer.address,
      consumer.slots,
      renderShare(consumer.share),
      foldRanges(consumer.ranges),
    ]),
  )
  const title = `${report.topic} ${report.subscription}`
  const table = rows.length > 0 ? renderTable(RANGE_HEAD, rows) : 'No consumer is connected: no key has an owner.'
  return [title, table, report.partitions.map(coverageLine).join('\n')].join('\n\n')
}

function coverageLine({coverage, draining, partition, selector}: RangePartition): string {
  const where = partition === null ? 'topic' : `partition ${String(partition)}`
  const selectorText = selector ?? 'selector unknown'
  if (!coverage) return `${where}: ${selectorText}; coverage unknown`
  const {missing, overlapping} = coverage
  const gaps = missing.length === 0 ? 'every slot has an owner' : `NO OWNER for ${foldRanges(missing)}`
  const overlaps = overlapping.length === 0 ? '' : `; OVERLAP at ${foldRanges(overlapping)}`
  const drains = draining.length === 0 ? '' : `; ${String(draining.length)} slots draining`
  return `${where}: ${selectorText}, ${gaps}${overlaps}${drains}`
}

function foldRanges(ranges: readonly SlotRange[]): string {
  const shown = ranges.slice(0, RANGES_SHOWN).map(({end, start}) => `${String(start)}-${String(end)}`)
  const more = ranges.length - shown.length
  return shown.join(' ') + (more > 0 ? ` (+${String(more)} more)` : '')
}

const OWNER_HEAD = ['key', 'partition', 'slot', 'consumer', 'address', 'draining']

export function renderOwners(report: KeyOwners): string {
  const rows = report.owners.map((owner) => [
    owner.key,
    owner.partition,
    owner.slot,
    owner.consumer?.name ?? 'nobody',
    owner.consumer?.address ?? null,
    owner.draining,
  ])
  return `${renderTable(OWNER_HEAD, rows)}\n\npartition by ${report.hashingScheme}, the default of Java and WebSocket producers`
}

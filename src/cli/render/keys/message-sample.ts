import type {KeySample} from '../../../domain/message-sampling/sample-report.js'
import {type Cell, type Column, renderPairs, renderShare, renderTable} from '../table.js'
import {counted, keyText, numberText} from '../../../wording.js'

const TOP: ReadonlyArray<Column<KeySample['topKeys'][number]>> = [
  {head: 'key', cell: ({isOrderingKey, key}) => (isOrderingKey ? `${keyText(key)} (ordering key)` : keyText(key))},
  {head: 'messages', cell: ({messages}) => messages},
  {head: 'share', cell: ({share}) => renderShare(share)},
  {head: 'partition', cell: ({partition}) => partition, priority: 2},
  {head: 'slot', cell: ({slot}) => slot, priority: 3},
  {head: 'consumer', cell: ({consumer}) => consumer, priority: 2},
]
const PRODUCERS: ReadonlyArray<Column<KeySample['producers'][number]>> = [
  {head: 'producer', cell: ({name}) => name},
  {head: 'client', cell: ({clientVersion}) => clientVersion, priority: 4},
  {head: 'messages', cell: ({messages}) => messages},
  {head: 'entries', cell: ({entries}) => entries, priority: 3},
  {head: 'without key', cell: ({keylessMessages}) => keylessMessages},
  {head: 'ordering key', cell: ({orderingKeyMessages}) => orderingKeyMessages, priority: 3},
  {head: 'mixed batches', cell: ({mixedBatches}) => mixedBatches},
  {head: 'chunks', cell: ({chunkEntries}) => chunkEntries, priority: 2},
]
const MIXED: ReadonlyArray<Column<KeySample['mixedBatches']['first'][number]>> = [
  {head: 'mixed batch', cell: ({position}) => position},
  {head: 'partition', cell: ({partition}) => partition},
  {head: 'producer', cell: ({producer}) => producer},
  {head: 'messages', cell: ({messages}) => messages, priority: 2},
  {head: 'keys', cell: ({distinctKeys}) => distinctKeys},
]
const MIXED_SHOWN = 10

export function renderSample(sample: KeySample): string {
  return [renderFigures(sample), renderTop(sample), renderMixed(sample), renderProducers(sample)]
    .filter((part) => part !== '')
    .join('\n\n')
}

function renderFigures(sample: KeySample): string {
  const {backlogEntries, batches, distinctKeys, entries, messages, mixedBatches, source, where} = sample
  const of = (count: number): string =>
    messages === 0 ? numberText(count) : `${numberText(count)} (${renderShare(count / messages)})`
  const figures: ReadonlyArray<readonly [string, Cell]> = [
    ['topic', sample.topic],
    ['subscription', sample.subscription],
    [
      'entries read',
      `${numberText(entries)} of ${counted(backlogEntries, 'backlog entry', 'backlog entries')} (${where}, source ${source})`,
    ],
    ['messages', messages],
    ['distinct keys', `${distinctKeys.isExact ? '' : 'more than '}${numberText(distinctKeys.count)}`],
    ['messages without key', of(sample.keylessMessages)],
    [
      'batches',
      `${numberText(batches)}${batches === 0 ? '' : `, with mixed keys: ${mixedBatches.count === 0 ? 'none' : numberText(mixedBatches.count)}`}`,
    ],
    ['messages with ordering key', sample.orderingKeyMessages],
    ['delayed entries', sample.delayedEntries],
    ['chunked messages', sample.chunkedMessages],
    ['encrypted batches', sample.encryptedEntries],
    ['unreadable entries', unreadable(sample.unreadableEntries)],
    ...(sample.keysOnSeveralPartitions === null
      ? []
      : [['keys on several partitions', sample.keysOnSeveralPartitions] as const]),
    ['entries by compression', compressionText(sample)],
  ]
  return renderPairs(figures)
}

function compressionText({compression}: KeySample): string | null {
  if (compression === null || compression.length === 0) return null
  return compression.map(({entries, type}) => `${type} ${numberText(entries)}`).join(', ')
}

function unreadable(entries: number): string {
  return entries === 0
    ? '0'
    : `${numberText(entries)} (chunks of compressed messages, or damaged; --source websocket distinguishes them)`
}

function renderTop({topKeys, topKeysUndercount}: KeySample): string {
  if (topKeys.length === 0) return ''
  const note =
    topKeysUndercount === 0
      ? ''
      : `\nCounts are up to ${numberText(topKeysUndercount)} too low, because more than 100,000 distinct keys were read.`
  return renderTable(TOP, topKeys) + note
}

function renderMixed({mixedBatches}: KeySample): string {
  if (mixedBatches.count === 0) return ''
  const rows = mixedBatches.first.slice(0, MIXED_SHOWN)
  const more = mixedBatches.count - rows.length
  return (
    renderTable(MIXED, rows) +
    (more > 0 ? `\nand ${counted(more, 'more batch', 'more batches')}; --json has up to 1,000` : '')
  )
}

function renderProducers({producers}: KeySample): string {
  const named = producers.filter(({name}) => name !== null)
  if (named.length === 0) return ''
  return renderTable(PRODUCERS, named)
}

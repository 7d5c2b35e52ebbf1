import type {KeySample} from '../../../domain/message-sampling/sample-report.js'
import {renderPairs, renderShare, renderTable} from '../table.js'

const TOP_HEAD = ['key', 'messages', 'share', 'partition', 'slot', 'consumer']
const PRODUCER_HEAD = [
  'producer',
  'client',
  'messages',
  'entries',
  'without key',
  'ordering key',
  'mixed batches',
  'chunks',
]
const MIXED_HEAD = ['mixed batch', 'partition', 'producer', 'messages', 'keys']
const MIXED_SHOWN = 10

export function renderSample(sample: KeySample): string {
  return [renderFigures(sample), renderTop(sample), renderMixed(sample), renderProducers(sample)]
    .filter((part) => part !== '')
    .join('\n\n')
}

function renderFigures(sample: KeySample): string {
  const {backlogEntries, batches, distinctKeys, entries, messages, mixedBatches, source, where} = sample
  const of = (count: number): string => `${String(count)} (${renderShare(messages === 0 ? null : count / messages)})`
  return renderPairs([
    ['topic', sample.topic],
    ['subscription', sample.subscription],
    ['read', `${String(entries)} of ${String(backlogEntries)} entries in the backlog, ${where}, by ${source}`],
    ['messages', messages],
    ['distinct keys', `${distinctKeys.isExact ? '' : 'more than '}${String(distinctKeys.count)}`],
    ['without key', of(sample.keylessMessages)],
    [
      'batches',
      `${String(batches)}, ${mixedBatches.count === 0 ? 'none mixes keys' : `${String(mixedBatches.count)} MIX KEYS`}`,
    ],
    ['ordering keys', sample.orderingKeyMessages],
    ['delayed entries', sample.delayedEntries],
    ['chunked messages', sample.chunkedMessages],
    ['encrypted batches', sample.encryptedEntries],
    ['unreadable entries', unreadable(sample.unreadableEntries)],
    ['keys on several partitions', sample.keysOnSeveralPartitions],
    ['compression', sample.compression?.map(({entries: count, type}) => `${type} ${String(count)}`).join(', ') ?? null],
  ])
}

function unreadable(entries: number): string {
  return entries === 0
    ? '0'
    : `${String(entries)}: pieces of compressed chunked messages, or damaged; --source websocket tells`
}

function renderTop({topKeys, topKeysUndercount}: KeySample): string {
  if (topKeys.length === 0) return ''
  const rows = topKeys.map(({consumer, isOrderingKey, key, messages, partition, share, slot}) => [
    isOrderingKey ? `${key} (ordering key)` : key,
    messages,
    renderShare(share),
    partition,
    slot,
    consumer,
  ])
  const note = topKeysUndercount === 0 ? '' : `\ncounts can be up to ${String(topKeysUndercount)} too low`
  return renderTable(TOP_HEAD, rows) + note
}

function renderMixed({mixedBatches}: KeySample): string {
  if (mixedBatches.count === 0) return ''
  const rows = mixedBatches.first
    .slice(0, MIXED_SHOWN)
    .map(({distinctKeys, messages, partition, position, producer}) => [
      position,
      partition,
      producer,
      messages,
      distinctKeys,
    ])
  const more = mixedBatches.count - rows.length
  return renderTable(MIXED_HEAD, rows) + (more > 0 ? `\nand ${String(more)} more` : '')
}

function renderProducers({producers}: KeySample): string {
  const named = producers.filter(({name}) => name !== null)
  if (named.length === 0) return ''
  return renderTable(
    PRODUCER_HEAD,
    named.map((row) => [
      row.name,
      row.clientVersion,
      row.messages,
      row.entries,
      row.keylessMessages,
      row.orderingKeyMessages,
      row.mixedBatches,
      row.chunkEntries,
    ]),
  )
}

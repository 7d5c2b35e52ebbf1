import type {Rehearsal} from '../../../domain/rehearsal/rehearse.js'
import {durationText, keyText, numberText} from '../../../wording.js'
import {type Column, renderMs, renderPairs, renderShare, renderTable} from '../table.js'

const CONSUMERS: ReadonlyArray<Column<Rehearsal['consumers'][number]>> = [
  {head: 'consumer', cell: ({name}) => name},
  {head: 'owned', cell: ({share}) => renderShare(share)},
  {head: 'processed', cell: ({messages}) => messages, priority: 3},
  {head: 'busy', cell: ({busyShare}) => (busyShare === null ? null : renderShare(busyShare)), priority: 2},
  {head: 'wait p50', cell: ({waitMs}) => renderMs(waitMs.p50), priority: 2},
  {head: 'wait p95', cell: ({waitMs}) => renderMs(waitMs.p95)},
]
const HOT_KEYS: ReadonlyArray<Column<Rehearsal['hotKeys'][number]>> = [
  {head: 'key', cell: ({key}) => keyText(key)},
  {head: 'messages', cell: ({messages}) => messages},
  {head: 'share', cell: ({share}) => renderShare(share)},
  {head: 'consumer', cell: ({consumer}) => consumer, priority: 2},
]

const STOPPED = {
  end: 'end of the backlog',
  interrupt: 'interrupted',
  'time-limit': 'time limit',
} satisfies Record<Rehearsal['stoppedBy'], string>

export function renderRehearsal(rehearsal: Rehearsal): string {
  const {consumers, distinctKeys, drainMs, headOfLine, hotKeys} = rehearsal
  const p95 = headOfLine.p95Ms === null ? '' : `, p95 ${durationText(headOfLine.p95Ms)}`
  const head = renderPairs([
    ['topic', rehearsal.topic],
    ['subscription', `${rehearsal.subscription} (unchanged)`],
    ['messages', rehearsal.messages],
    ['keys', `${numberText(distinctKeys.count)}${distinctKeys.isExact ? '' : ' or more'}`],
    ['messages without a key', rehearsal.keylessMessages],
    ['stopped', STOPPED[rehearsal.stoppedBy]],
    ['backlog drained', drainMs === null ? 'no' : `in ${durationText(drainMs)}`],
    ['head-of-line blocking', `${renderShare(headOfLine.share)} of messages${p95}`],
  ])
  return [
    head,
    renderTable(CONSUMERS, consumers),
    ...(hotKeys.length === 0 ? [] : [`Keys with the most messages:\n${renderTable(HOT_KEYS, hotKeys)}`]),
  ].join('\n\n')
}

import type {Rehearsal} from '../../../domain/rehearsal/rehearse.js'
import {renderMs, renderPairs, renderShare, renderTable} from '../table.js'

export function renderRehearsal(rehearsal: Rehearsal): string {
  const {consumers, headOfLine, hotKeys} = rehearsal
  const head = renderPairs([
    ['topic', rehearsal.topic],
    ['subscription', `${rehearsal.subscription}, which stays as it is`],
    ['messages', rehearsal.messages],
    ['keys', `${String(rehearsal.distinctKeys.count)}${rehearsal.distinctKeys.isExact ? '' : ' or more'}`],
    ['without a key', rehearsal.keylessMessages],
    ['ended by', rehearsal.stoppedBy],
    ['what waited took', renderMs(rehearsal.drainMs)],
    [
      'head of line',
      `${renderShare(headOfLine.share)} of the messages waited for other keys alone, 95 % of them at most ${renderMs(headOfLine.p95Ms)}`,
    ],
  ])
  const rows = consumers.map(({busyShare, messages, name, share, waitMs}) => [
    name,
    renderShare(share),
    messages,
    busyShare === null ? null : renderShare(busyShare),
    renderMs(waitMs.p50),
    renderMs(waitMs.p95),
  ])
  const keys = hotKeys.map(({consumer, key, messages, share}) => [key, messages, renderShare(share), consumer])
  return [
    head,
    renderTable(['consumer', 'share', 'handled', 'busy', 'half wait up to', '95 % wait up to'], rows),
    ...(keys.length === 0 ? [] : [renderTable(['key', 'messages', 'share', 'consumer'], keys)]),
  ].join('\n\n')
}

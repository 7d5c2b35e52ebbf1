import type {Rehearsal} from '../../../domain/rehearsal/rehearse.js'
import {durationText, numberText} from '../../../wording.js'
import {renderMs, renderPairs, renderShare, renderTable} from '../table.js'

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
    renderTable(['consumer', 'share', 'processed', 'busy', 'wait p50', 'wait p95'], rows),
    ...(keys.length === 0 ? [] : [renderTable(['key', 'messages', 'share', 'consumer'], keys)]),
  ].join('\n\n')
}

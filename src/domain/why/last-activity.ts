import {durationText} from '../../wording.js'
import type {EvidenceField} from '../doctor/facts/evidence.js'
import type {LiveConsumer} from '../locks/consumers/lock-correlation.js'

/** A shorter time is normal, because acknowledgements are on their way. */
const SHOWN_ABOVE_MS = 1000

/**
 * For how long a consumer has acknowledged nothing on the partition, as a clause that follows a sentence; empty if that is
 * short or unknown. An idle consumer acknowledges nothing either, so the clause also states the last delivery.
 *
 * @param nowMs epoch ms by the clock of this machine, which may differ from the broker's.
 * @param options.aboveMs a shorter time gives an empty text.
 */
export function lastAckText(
  {connectedSinceMs, lastAcked, lastDelivered}: LiveConsumer,
  partition: number | null,
  nowMs: number,
  {aboveMs = SHOWN_ABOVE_MS, subject = 'it'} = {},
): string {
  const sinceMs = lastAcked === 'never' ? connectedSinceMs : lastAcked
  if (sinceMs === null || nowMs - sinceMs <= aboveMs) return ''
  const where = partition === null ? '' : ` on partition ${String(partition)}`
  const age = durationText(nowMs - sinceMs)
  const since = lastAcked === 'never' ? `since it connected ${age} ago` : `for ${age}`
  const delivery =
    typeof lastDelivered === 'number' ? `, last delivery ${durationText(Math.max(0, nowMs - lastDelivered))} ago` : ''
  return `; ${subject} has acked nothing${where} ${since}${delivery}`
}

/** The fields that show it, under the broker's names; fields that the broker does not report are omitted. */
export function lastAckEvidence({
  lastAcked,
  lastDelivered,
}: LiveConsumer): Array<readonly [field: EvidenceField, value: string]> {
  return [
    ...(lastAcked === null ? [] : [['lastAckedTimestamp', momentText(lastAcked)] as const]),
    ...(lastDelivered === null ? [] : [['lastConsumedTimestamp', momentText(lastDelivered)] as const]),
  ]
}

function momentText(moment: number | 'never'): string {
  return moment === 'never' ? moment : new Date(moment).toISOString()
}

import type {LiveConsumer} from '../locks/consumers/lock-correlation.js'

/** It is on its way: less than this says nothing. */
const SHOWN_ABOVE_MS = 1000

/**
 * For how long a consumer has acknowledged nothing on the partition that was read, as a clause to go on with; '' where that
 * is short, or the broker does not say. One that has had nothing to do is as silent as one that hangs, so the clause also
 * tells when it last got something.
 *
 * @param nowMs epoch ms of this machine, whose clock may differ from the broker's.
 */
export function lastAckText(
  {connectedSinceMs, lastAcked, lastDelivered}: LiveConsumer,
  partition: number | null,
  nowMs: number,
): string {
  const sinceMs = lastAcked === 'never' ? connectedSinceMs : lastAcked
  if (sinceMs === null || nowMs - sinceMs <= SHOWN_ABOVE_MS) return ''
  const where = partition === null ? '' : ` on partition ${String(partition)}`
  const age = secondsText(nowMs - sinceMs)
  const silence = lastAcked === 'never' ? `since it connected, ${age} ago` : `for ${age}`
  const given =
    typeof lastDelivered === 'number'
      ? `, and got its last message ${secondsText(Math.max(0, nowMs - lastDelivered))} ago`
      : ''
  return `; it has acknowledged nothing${where} ${silence}${given}`
}

/** The fields that show it, as the broker spells them; those that it does not tell are left out. */
export function lastAckEvidence({
  lastAcked,
  lastDelivered,
}: LiveConsumer): Array<readonly [field: string, value: string]> {
  return [
    ...(lastAcked === null ? [] : [['lastAckedTimestamp', momentText(lastAcked)] as const]),
    ...(lastDelivered === null ? [] : [['lastConsumedTimestamp', momentText(lastDelivered)] as const]),
  ]
}

function momentText(moment: number | 'never'): string {
  return moment === 'never' ? moment : new Date(moment).toISOString()
}

/** `2.3 s`, and from ten on `42 s`. */
export function secondsText(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${String(Math.round(ms / 1000))} s`
}

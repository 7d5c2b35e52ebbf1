/** Epoch ms as ISO 8601 UTC. Null for 0 and below: the broker reports 0 when the event has not happened since the topic was loaded. */
export function timeOf(epochMs: number | undefined): string | null {
  return epochMs === undefined || epochMs <= 0 ? null : new Date(epochMs).toISOString()
}

/** Converts the broker's local time with zone to UTC. */
export function utcOf(text: string | undefined): string | null {
  const time = Date.parse(text ?? '')
  return Number.isNaN(time) ? null : new Date(time).toISOString()
}

/** ISO 8601 UTC of epoch ms; null for 0 and below: the broker writes 0 for never since the topic was loaded. */
export function timeOf(epochMs: number | undefined): string | null {
  return epochMs === undefined || epochMs <= 0 ? null : new Date(epochMs).toISOString()
}

/** The broker writes local time with its zone; keyshift writes UTC. */
export function utcOf(text: string | undefined): string | null {
  const time = Date.parse(text ?? '')
  return Number.isNaN(time) ? null : new Date(time).toISOString()
}

/**
 * By how much a counter of the broker has risen; null if either value is unknown, or if the counter decreased, because it
 * restarts at 0 when the topic is reloaded.
 */
export function rise(before: number | null | undefined, now: number | null | undefined): number | null {
  return typeof before !== 'number' || typeof now !== 'number' || now < before ? null : now - before
}

/**
 * By how much a counter of the broker has risen; null where that is not known, or it went back, as counters do when a topic
 * is loaded afresh.
 */
export function rise(before: number | null | undefined, now: number | null | undefined): number | null {
  return typeof before !== 'number' || typeof now !== 'number' || now < before ? null : now - before
}

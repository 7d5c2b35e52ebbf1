import {setTimeout as delay} from 'node:timers/promises'

export interface WaitOptions {
  /** ms between two checks; a function gets the ms waited so far */
  readonly everyMs: number | ((waitedMs: number) => number)
  readonly timeoutMs: number
  /** ends the wait early; the caller decides what an aborted wait means */
  readonly signal?: AbortSignal | undefined
}

/**
 * Repeats a check until it returns something other than undefined. The check runs at least once, and a last time at the
 * end.
 *
 * @returns the result of the check; undefined when the time ran out or the signal was aborted first.
 */
export async function waitUntil<T>(
  check: () => Promise<T | undefined> | T | undefined,
  {everyMs, signal, timeoutMs}: WaitOptions,
): Promise<T | undefined> {
  const startedAt = performance.now()
  for (;;) {
    const waitedMs = performance.now() - startedAt
    const found = await check()
    if (found !== undefined || waitedMs >= timeoutMs || signal?.aborted === true) return found
    const pauseMs = typeof everyMs === 'number' ? everyMs : everyMs(waitedMs)
    await delay(Math.max(0, Math.min(pauseMs, timeoutMs - (performance.now() - startedAt))), undefined, {signal}).catch(
      (error: unknown) => {
        if (signal?.aborted !== true) throw error
      },
    )
  }
}

import {setTimeout as delay} from 'node:timers/promises'

export interface WaitOptions {
  /** ms between two checks; a function receives the ms waited so far */
  readonly everyMs: number | ((waitedMs: number) => number)
  readonly timeoutMs: number
  /** ends the wait early; the caller decides what an aborted wait means */
  readonly signal?: AbortSignal | undefined
}

/**
 * Repeats a check until it gives something other than undefined. The check runs at least once, and once more at the end.
 *
 * @returns what the check gave; undefined when the time ran out or the signal came first.
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

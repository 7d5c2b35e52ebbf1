import {once} from 'node:events'
import {setTimeout as delay} from 'node:timers/promises'

import {Unreachable} from '../errors.js'

const EVERY_MS = 1000

/**
 * Takes a sample each second until it is final. Ctrl-C needs no handling, because sampling changes nothing.
 *
 * @returns the last sample.
 */
export async function watch<T>(
  sample: () => Promise<T>,
  isFinal: (now: T) => boolean,
  show: (now: T) => void,
): Promise<T> {
  for (;;) {
    const now = await sample()
    if (isFinal(now)) return now
    show(now)
    await delay(EVERY_MS)
  }
}

export interface Round<T> {
  /** null if it failed */
  readonly result: T | null
  readonly failure: string | null
}

/**
 * Repeats a check until it is aborted. A round that fails because a server cannot be reached is reported, because the next
 * one may succeed; a failure of the first round is thrown.
 */
export async function* repeatedRounds<T>(
  check: () => Promise<T>,
  everyMs: number,
  signal: AbortSignal,
): AsyncGenerator<Round<T>> {
  for (let isFirst = true; ; isFirst = false) {
    try {
      const result = await untilAborted(check(), signal)
      if (result === null) return
      yield {result, failure: null}
    } catch (error) {
      if (signal.aborted) return
      if (isFirst || !(error instanceof Unreachable)) throw error
      yield {result: null, failure: `the check failed: ${error.message}`}
    }
    await delay(everyMs, undefined, {signal}).catch(() => undefined)
    if (signal.aborted) return
  }
}

/** Stops waiting at Ctrl-C, because a broker that does not answer is waited for longer than an operator is ready to wait. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | null> {
  if (signal.aborted) return null
  const ended = new AbortController()
  const aborted = once(signal, 'abort', {signal: ended.signal}).then(
    () => null,
    () => null,
  )
  try {
    return await Promise.race([work, aborted])
  } finally {
    ended.abort()
  }
}

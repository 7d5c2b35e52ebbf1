import {setTimeout as delay} from 'node:timers/promises'

/** Processor time of one measurement. It is longer than a time slice of the scheduler. */
const SPIN_US = 10_000
const EVERY_MS = 200
/** What a migration with its fleets makes of an otherwise idle machine with 2 processors; measured from 1.4 to 3.4. */
const OF_THE_TEST = 2.5

/**
 * Measures from now on how much slower this process runs than on a machine that runs only this test: the time that a short
 * computation takes, divided by its processor time. A limit in ms that holds there is multiplied by it.
 *
 * @returns ends the measurement, and returns the factor, at least 1.
 */
export function measureSlowness(): () => Promise<number> {
  const ending = new AbortController()
  const measuring = measureUntil(ending.signal)
  return () => {
    ending.abort()
    return measuring
  }
}

/** Measures while some work runs, as `measureSlowness`. */
export async function withSlowness<T>(
  work: () => Promise<T>,
): Promise<{readonly result: T; readonly slowness: number}> {
  const end = measureSlowness()
  try {
    const result = await work()
    return {result, slowness: await end()}
  } finally {
    await end()
  }
}

async function measureUntil(signal: AbortSignal): Promise<number> {
  let [elapsedMs, usedUs] = [0, 0]
  do {
    const startedAt = performance.now()
    const before = process.threadCpuUsage()
    let used = 0
    while (used < SPIN_US) {
      const {system, user} = process.threadCpuUsage(before)
      used = user + system
    }
    elapsedMs += performance.now() - startedAt
    usedUs += used
    await delay(EVERY_MS, undefined, {signal, ref: false}).catch(() => undefined)
  } while (!signal.aborted)
  return Math.max(1, (elapsedMs * 1000) / usedUs / OF_THE_TEST)
}

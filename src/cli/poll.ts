import {setTimeout as delay} from 'node:timers/promises'

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

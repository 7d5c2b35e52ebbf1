import {setTimeout as delay} from 'node:timers/promises'

const EVERY_MS = 1000

/** Looks again each second until it is over; Ctrl-C ends it, for it only reads. @returns the last look. */
export async function watch<T>(
  look: () => Promise<T>,
  isOver: (now: T) => boolean,
  show: (now: T) => void,
): Promise<T> {
  for (;;) {
    const now = await look()
    if (isOver(now)) return now
    show(now)
    await delay(EVERY_MS)
  }
}

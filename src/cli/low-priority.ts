import {existsSync, readdirSync} from 'node:fs'
import {constants, setPriority} from 'node:os'

const THREADS = '/proc/self/task'

/**
 * Lets every other program of this machine go first: Redis, or one of its clients, may well run on it. Linux gives each
 * thread a priority of its own, and those that collect garbage are there already.
 */
export function setLowPriority(): void {
  const threads = existsSync(THREADS) ? readdirSync(THREADS).map(Number) : [0]
  for (const thread of threads) setPriority(thread, constants.priority.PRIORITY_LOW)
}

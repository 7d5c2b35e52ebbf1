import {existsSync, readdirSync} from 'node:fs'
import {constants, setPriority} from 'node:os'

const THREADS = '/proc/self/task'

/**
 * Gives all other programs of this machine priority, because Redis or one of its clients may run on it. On Linux each
 * thread has its own priority, and the garbage collector's threads exist already.
 */
export function setLowPriority(): void {
  const threads = existsSync(THREADS) ? readdirSync(THREADS).map(Number) : [0]
  for (const thread of threads) setPriority(thread, constants.priority.PRIORITY_LOW)
}

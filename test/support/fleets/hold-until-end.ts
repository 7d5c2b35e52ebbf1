import type {TestContext} from 'node:test'

import {closeFirst, type Place} from '../servers/live.js'
import {deleteAll, holdBy, type Holding} from './held-locks.js'
import type {Program} from './programs.js'

/** Starts a program that takes locks with the prefix of the test. When the test ends, it is killed and the keys are deleted. */
export async function holdUntilEnd(t: TestContext, place: Place, program: Program): Promise<Holding> {
  const {addresses, keyPrefix, redis} = place
  closeFirst(t, () => deleteAll(redis, keyPrefix))
  const holding = await holdBy(program, {redisUrl: addresses.redisUrl, prefix: keyPrefix})
  closeFirst(t, () => holding.close())
  return holding
}

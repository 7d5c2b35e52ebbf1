import assert from 'node:assert/strict'
import {test} from 'node:test'

import {repeatedRounds} from '../../../src/cli/poll.js'
import {Unreachable, Usage} from '../../../src/errors.js'

const GONE = new Unreachable('E_BROKER_UNREACHABLE', 'no answer')

/** Rounds with these outcomes; after the last one the check waits until it is aborted. */
async function roundsOf(outcomes: readonly unknown[], stopAfter: number): Promise<unknown[]> {
  const stop = new AbortController()
  const left = [...outcomes]
  const check = (): Promise<unknown> => {
    const [next] = left.splice(0, 1)
    if (next instanceof Error) return Promise.reject(next)
    return next === undefined ? new Promise(() => undefined) : Promise.resolve(next)
  }
  const seen: unknown[] = []
  for await (const {failure, result} of repeatedRounds(check, 1, stop.signal)) {
    seen.push(failure ?? result)
    if (seen.length === stopAfter) stop.abort()
  }
  return seen
}

test('a round that cannot reach a server is reported, and the next one follows', async () => {
  assert.deepEqual(await roundsOf([1, GONE, 3], 3), [1, 'the check failed: no answer', 3])
})

test('a failure of the first round, and any other error, ends the rounds', async () => {
  await assert.rejects(roundsOf([GONE, 2], 9), GONE)
  await assert.rejects(roundsOf([1, new Usage('E_USAGE', 'wrong')], 9), Usage)
})

test('an abort ends the rounds without waiting for a check', async () => {
  const stop = new AbortController()
  const rounds = repeatedRounds(() => new Promise<number>(() => undefined), 1, stop.signal)
  const next = rounds.next()
  stop.abort()
  assert.deepEqual(await next, {done: true, value: undefined})
})

import assert from 'node:assert/strict'
import {test} from 'node:test'

import {waitUntil} from '../../src/wait-until.js'

test('a check is repeated until it gives something', async () => {
  let checks = 0
  const found = await waitUntil(() => (++checks === 3 ? 'found' : undefined), {everyMs: 1, timeoutMs: 60_000})
  assert.deepEqual([found, checks], ['found', 3])
})

test('a check runs at least once, and gives undefined when the time is over', async () => {
  let checks = 0
  const check = (): string | undefined => {
    checks++
    return checks > 1 ? 'too late' : undefined
  }
  const found = await waitUntil(check, {everyMs: 1, timeoutMs: 0})
  assert.deepEqual([found, checks], [undefined, 1])
})

test('a signal ends the wait, and an error of the check ends it too', async () => {
  const controller = new AbortController()
  const check = (): string | undefined => {
    controller.abort()
    return undefined
  }
  assert.equal(await waitUntil(check, {everyMs: 60_000, timeoutMs: 60_000, signal: controller.signal}), undefined)
  const failing = waitUntil(() => Promise.reject(new Error('no')), {everyMs: 1, timeoutMs: 60_000})
  await assert.rejects(failing, /no/)
})

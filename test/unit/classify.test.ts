import assert from 'node:assert/strict'
import {test} from 'node:test'

import {classifyLock, type RawLock} from '../../src/domain/locks/classify.js'

const OPTIONS = {maxTtlMs: 60_000}
const UUID = '6f0e1c52-0d3b-4a53-9d6f-3e1f6f0a9b11'

function raw(changes: Partial<RawLock> | {text: string}): RawLock {
  const base = {key: Buffer.from('lock:a'), type: 'string', pttl: 5000, idleSeconds: 2, value: null, fields: []}
  return 'text' in changes ? {...base, value: Buffer.from(changes.text)} : {...base, ...changes}
}

const hash = (...fields: Array<[string, string]>): Partial<RawLock> => ({
  type: 'hash',
  fields: fields.map(([field, value]) => [Buffer.from(field), Buffer.from(value)] as const),
})

test('a plain lock: token kept as it is, idle time as a lower bound of the hold', () => {
  const lock = classifyLock(raw({text: 'f3a1'}), OPTIONS)
  assert.equal(lock.family, 'plain')
  assert.equal(lock.holder?.token, 'f3a1')
  assert.equal(lock.verdict, 'healthy')
  assert.equal(lock.ttlMs, 5000)
  assert.equal(lock.heldAtLeastMs, 2000)
})

test('a token that names host and process gives them', () => {
  const {holder} = classifyLock(raw({text: `worker-7_4711_${'a'.repeat(32)}`}), OPTIONS)
  assert.equal(holder?.host, 'worker-7')
  assert.equal(holder.pid, 4711)
})

test('a Redisson hash gives its thread and how often it was taken', () => {
  const lock = classifyLock(raw(hash([`${UUID}:17`, '2'])), OPTIONS)
  assert.equal(lock.family, 'redisson')
  assert.equal(lock.holder?.thread, 17)
  assert.equal(lock.holder.token, `${UUID}:17`)
  assert.equal(lock.reentrancy, 2)
})

test('verdicts: no TTL, a TTL too long, a format not known', () => {
  assert.equal(classifyLock({...raw({text: 'x'}), pttl: -1}, OPTIONS).verdict, 'no-ttl')
  assert.equal(classifyLock({...raw({text: 'x'}), pttl: -1}, OPTIONS).ttlMs, null)
  assert.equal(classifyLock({...raw({text: 'x'}), pttl: 60_001}, OPTIONS).verdict, 'ttl-too-long')
  for (const odd of [hash(['name', 'Ann']), hash([`${UUID}:1`, '1'], ['mode', 'read']), {type: 'list'}]) {
    const lock = classifyLock(raw(odd), OPTIONS)
    assert.equal(lock.verdict, 'unknown-format')
    assert.equal(lock.holder, null)
  }
})

test('an LFU server knows no idle time: unknown, not 0', () => {
  const lock = classifyLock({...raw({text: 'x'}), idleSeconds: null}, OPTIONS)
  assert.equal(lock.idleMs, null)
  assert.equal(lock.heldAtLeastMs, null)
})

test('bytes that are not text stay exact', () => {
  const bytes = Buffer.from([0xff, 0x00, 0x80])
  assert.equal(classifyLock({...raw({text: 'x'}), value: bytes}, OPTIONS).holder?.token, 'base64:/wCA')
})

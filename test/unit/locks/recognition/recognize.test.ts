import assert from 'node:assert/strict'
import {test} from 'node:test'

import {BUILTIN_FAMILIES} from '../../../../src/domain/locks/families/builtin.js'
import {compileFamilies} from '../../../../src/domain/locks/families/compiled.js'
import type {LockFamily} from '../../../../src/domain/locks/families/family.js'
import {fillTemplate, templateExpression} from '../../../../src/domain/locks/families/template.js'
import type {SampledKey} from '../../../../src/domain/locks/reading/sampled-key.js'
import {recognize, type RecognizedLock} from '../../../../src/domain/locks/recognition/recognize.js'
import {lockRecord, type LockRecord} from '../../../../src/domain/locks/recognition/lock-record.js'
import {LOCK_SHAPES, NOW, OTHER_SHAPES, rawOf, type Shape, UUID} from '../../../support/reports/lock-shapes.js'

const FAMILIES = compileFamilies(BUILTIN_FAMILIES)

function lockOf(raw: SampledKey): RecognizedLock {
  const found = recognize(raw, FAMILIES, true)
  assert.equal(found.kind, 'lock')
  return found
}

for (const shape of LOCK_SHAPES) {
  test(`${shape.family}: ${shape.key} ${JSON.stringify(shape.stored)}`, () => {
    const lock = lockOf(rawOf(shape))
    assert.equal(lock.family.name, shape.family)
    assert.equal(lock.holders[0]?.token, shape.token)
    assert.ok(lock.confidence > 0 && lock.confidence <= 1)
  })
}

test('every family has a test case', () => {
  const tried = new Set(LOCK_SHAPES.map(({family}) => family))
  assert.deepEqual(
    BUILTIN_FAMILIES.filter(({name}) => !tried.has(name)).map(({name}) => name),
    [],
  )
})

for (const shape of OTHER_SHAPES) {
  test(`not a lock: ${shape.key} ${JSON.stringify(shape.stored)}`, () => {
    assert.notEqual(recognize(rawOf(shape), FAMILIES, false).kind, 'lock')
  })
}

test('a companion key has the locks that it may belong to', () => {
  const companion = (shape: Shape): unknown => {
    const found = recognize(rawOf(shape), FAMILIES, true)
    return found.kind === 'companion' ? [found.family.name, found.role, found.locks] : found.kind
  }
  assert.deepEqual(companion({key: 'redisson_lock_queue:{orders}', stored: {list: ['a']}}), [
    'redisson',
    'waiters',
    ['orders', '{orders}'],
  ])
  assert.deepEqual(companion({key: 'redisson_lock_timeout:a{b}c', stored: {zset: {a: 1}}}), [
    'redisson',
    'deadlines',
    ['a{b}c'],
  ])
  assert.deepEqual(companion({key: `{orders}:${UUID}:17:rwlock_timeout:1`, stored: {string: '1'}}), [
    'redisson-read-write',
    'hold',
    ['orders', '{orders}'],
  ])
  assert.deepEqual(companion({key: 'uniquejobs:digests', stored: {zset: {a: 1}}}), ['sidekiq-unique-jobs', 'index', []])
  assert.deepEqual(companion({key: 'uniquejobs:1b9f27:QUEUED', stored: {list: ['a']}}), [
    'sidekiq-unique-jobs',
    'waiters',
    ['uniquejobs:1b9f27:LOCKED'],
  ])
})

test('a holder has the host, process, thread, instance and name in its token', () => {
  const holder = (shape: Shape): Record<string, unknown> => ({...lockOf(rawOf(shape)).holders[0]})
  const unidentified = {host: null, pid: null, thread: null, consumer: null, instance: null}
  const hex = 'a'.repeat(32)
  assert.deepEqual(holder({key: 'x', stored: {string: `pod_7_4711_${hex}`}}), {
    ...unidentified,
    token: `pod_7_4711_${hex}`,
    host: 'pod_7',
    pid: 4711,
  })
  assert.deepEqual(holder({key: 'x', stored: {hash: {[`${UUID}:31`]: '2'}}}), {
    ...unidentified,
    token: `${UUID}:31`,
    thread: 31,
    instance: UUID,
  })
  assert.equal(holder({key: 'lock:x', stored: {string: 'kQ3mZr8vT1pXy0LdNfG-2Jpod-7'}})['consumer'], 'pod-7')
  assert.equal(holder({key: 'x', stored: {string: 'ADDED:2026-11-25T11:59:30Z@pod-7'}})['host'], 'pod-7')
})

test('a random token that looks like a UUID but contains an implausible time is not a redis-py token', () => {
  const family = (token: string): string => lockOf(rawOf({key: 'lock:x', stored: {string: token}})).family.name
  assert.equal(family('ffffffffffff1fff8fffffffffffffff'), 'node-redlock')
  assert.equal(family('5a3e6f00ca6511f0b1a80242ac110002'), 'node-redlock', 'no client renews a lock for a year')
})

function record(shape: Shape, more: Partial<SampledKey> = {}): LockRecord {
  const raw = rawOf(shape, more)
  const found = recognize(raw, FAMILIES, true)
  assert.notEqual(found.kind, 'companion')
  return lockRecord(raw, found as RecognizedLock, {maxTtlMs: 60_000, maxHoldMs: 600_000})
}

test('the hold time is exact when the lock contains its time of acquisition, and otherwise at least the idle time', () => {
  const held = (shape: Shape, more?: Partial<SampledKey>): unknown => {
    const {heldAtLeastMs, heldSource} = record(shape, more)
    return [heldAtLeastMs, heldSource]
  }
  assert.deepEqual(held({key: 'x', stored: {string: 'ADDED:2026-11-25T11:59:30Z@pod-7'}}), [30_000, 'value'])
  const job = {key: 'uniquejobs:a:LOCKED', stored: {hash: {a1: String(NOW / 1000 - 60)}}}
  assert.deepEqual(held(job), [60_000, 'value'])
  // the time that Python's uuid module reads from this token
  const aYearOld: Shape = {key: 'lock:x', stored: {string: '5a3e6f00ca6511f0b1a80242ac110002'}}
  const heldMs = NOW - Date.parse('2025-11-26T01:15:10.303Z')
  assert.deepEqual(held(aYearOld, {expiresAtMs: -1}), [heldMs, 'value'])
  assert.deepEqual(held({...aYearOld, key: 'redbeat::lock'}), [heldMs, 'value'])
  assert.deepEqual(held({key: 'lock:x', stored: {string: 'token'}}), [2000, 'idle'])
  assert.deepEqual(held({key: 'lock:x', stored: {string: 'token'}}, {idleSeconds: null}), [null, null])
})

test('one sample finds a missing or long TTL, and an expiry in the value', () => {
  const token: Shape = {key: 'lock:x', stored: {string: 'token'}}
  assert.equal(record(token).verdict, 'healthy')
  assert.equal(record(token, {expiresAtMs: NOW + 60_001}).verdict, 'ttl-too-long')
  const forever = record(token, {expiresAtMs: -1})
  assert.deepEqual([forever.verdict, forever.ttlMs], ['no-ttl', null])
  const mutex = record({key: 'RedisMutex:x', stored: {string: String(NOW / 1000 + 8.5)}}, {expiresAtMs: -1})
  assert.deepEqual([mutex.verdict, mutex.ttlMs], ['healthy', 8500])
  const job = {key: 'uniquejobs:a:LOCKED', stored: {hash: {a1: '1795607940.25'}}}
  assert.equal(record(job, {expiresAtMs: -1}).verdict, 'healthy')
  for (const odd of [{hash: {name: 'Ann'}}, {hash: {[`${UUID}:1`]: '1', mood: 'read'}}, {list: ['a']}]) {
    const {family, holder, verdict} = record({key: 'lock:x', stored: odd})
    assert.deepEqual([family, holder, verdict], ['unknown', null, 'unknown-format'])
  }
})

test('a constant token is marked as such, and bytes that are not text stay exact', () => {
  assert.equal(record({key: 'lock:x', stored: {string: '1'}}).hasConstantToken, true)
  const bytes = rawOf({key: 'lock:x', stored: {string: 'x'}}, {entries: [[Buffer.from([0xff, 0x00, 0x80]), null]]})
  assert.equal(lockOf(bytes).holders[0]?.token, 'base64:/wCA')
})

test('templates are filled for a lock and matched against keys', () => {
  assert.equal(fillTemplate('redisson_lock__channel:${tagged}', 'a', {}), 'redisson_lock__channel:{a}')
  assert.equal(fillTemplate('redisson_lock__channel:${tagged}', 'a{b}', {}), 'redisson_lock__channel:a{b}')
  assert.equal(fillTemplate('lock-signal:${name}', 'lock:7', {name: '7'}), 'lock-signal:7')
  assert.equal(fillTemplate('lock-signal:${name}', 'lock:7', {}), null)
  assert.equal(fillTemplate('${tagged}:*:rwlock_timeout:*', 'a', {}), null)
  assert.equal(templateExpression('q:${tagged}').exec('q:{a.b}')?.groups?.['tagged'], '{a.b}')
  assert.equal(templateExpression('q.${name}').test('qx7'), false)
})

test('the error of an invalid family contains its name', () => {
  const family: LockFamily = {
    name: 'ours',
    title: 'ours',
    forms: [{type: 'string', token: '(', confidence: 1}],
    lease: {ttlMs: null, renewEveryMs: null},
    release: {how: 'compare-and-delete'},
  }
  assert.throws(() => compileFamilies([family]), {
    code: 'E_LOCK_FAMILIES',
    message: /ours .*Invalid regular expression/,
  })
  const twice = {...family, forms: []}
  assert.throws(() => compileFamilies([twice, twice]), {
    code: 'E_LOCK_FAMILIES',
    message: /another family has the same name/,
  })
  const unnamed = {...twice, companions: [{type: 'list', key: 'q:*', lock: 'q:${key}', role: 'waiters'} as const]}
  assert.throws(() => compileFamilies([unnamed]), {message: /q:\* does not contain the key of its lock/})
})

import assert from 'node:assert/strict'
import {test} from 'node:test'

import {BUILTIN_FAMILIES} from '../../../../src/domain/locks/families/builtin.js'
import {compileFamilies} from '../../../../src/domain/locks/families/compiled.js'
import type {LockFamily} from '../../../../src/domain/locks/families/family.js'
import {fillTemplate, templateExpression} from '../../../../src/domain/locks/families/template.js'
import {printable, type SampledKey} from '../../../../src/domain/locks/reading/sampled-key.js'
import {recognize} from '../../../../src/domain/locks/recognition/recognize.js'
import type {RecognizedLock} from '../../../../src/domain/locks/recognition/recognized-lock.js'
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
    const {candidates, family, holders} = lockOf(rawOf(shape))
    assert.equal(family?.name ?? null, shape.isNamed ? shape.family : null)
    const candidate = candidates.find((one) => one.family === shape.family)
    assert.ok(candidate && candidate.evidence.length > 0, JSON.stringify(candidates))
    if (shape.family !== 'home-made')
      assert.equal(candidate.likelihood >= 0.9, shape.isNamed, JSON.stringify(candidates))
    assert.equal(holders[0]?.token, shape.token)
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

const WORDED = [
  'lock:7',
  'order-lock:7',
  'orderLock:7',
  'LOCK_7',
  'user:7:mutex',
  'semaphores:a',
  'jobs/lease',
  'app:leader',
]
const NOT_WORDED = [
  'block:height',
  'clock:skew',
  'unlock-code:7',
  'blockchain:head',
  'leaderboard',
  'release:latest',
  'wedlock:7',
]

test('a weak format is a lock only under a name with a word for a lock, or if the user expects a lock', () => {
  const found = (key: string, isExpected: boolean): unknown => {
    const one = recognize(rawOf({key, stored: {string: UUID}}), FAMILIES, isExpected)
    return one.kind === 'lock' ? one.isAssumed : one.kind
  }
  for (const key of WORDED) assert.deepEqual([found(key, false), found(key, true)], [false, false], key)
  for (const key of NOT_WORDED) assert.deepEqual([found(key, false), found(key, true)], ['unknown', true], key)
  const redisson = recognize(rawOf({key: 'block:7', stored: {hash: {[`${UUID}:1`]: '1'}}}), FAMILIES, true)
  assert.equal(redisson.kind === 'lock' && redisson.isAssumed, false, 'an unambiguous format needs no assumption')
})

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
  const unidentified = {text: null, host: null, pid: null, thread: null, consumer: null, instance: null}
  const hex = '9f86d081884c4d659a2feaa0c55ad015'
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
  assert.equal(holder({key: 'lock:x', stored: {string: 'kQ3mZr8vT1pXy0LdNfG-2Q-pod-7'}})['consumer'], '-pod-7')
  assert.equal(holder({key: 'x', stored: {string: 'ADDED:2026-11-25T11:59:30Z@pod-7'}})['host'], 'pod-7')
})

test('a random token that looks like a UUID but contains an implausible time is not a redis-py token', () => {
  const families = (token: string): string[] =>
    lockOf(rawOf({key: 'lock:x', stored: {string: token}})).candidates.map(({family}) => family)
  assert.ok(!families('ffffffffffff1fff8fffffffffffffff').includes('redis-py'))
  assert.ok(!families('5a3e6f00ca6511f0b1a80242ac110002').includes('redis-py'), 'no client renews a lock for a year')
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

test('a time in the value is the end of the lease while it is in the future, and unclear afterwards', () => {
  const ends = (key: string, string: string): unknown => {
    const {heldSource, ttlMs, verdicts} = record({key, stored: {string}}, {expiresAtMs: -1, idleSeconds: null})
    return [ttlMs, heldSource, verdicts]
  }
  const seconds = (ms: number): string => String(Math.floor((NOW + ms) / 1000))
  for (const key of ['lock:7', 'lock:Build:7', 'lock.invoice']) {
    assert.deepEqual(ends(key, seconds(30_000)), [30_000, null, ['healthy']], key)
    assert.deepEqual(ends(key, String(NOW + 30_000)), [30_000, null, ['healthy']], key)
    assert.deepEqual(ends(key, seconds(-86_400_000)), [null, null, ['past-time']], key)
    assert.deepEqual(ends(key, String(NOW - 86_400_000)), [null, null, ['past-time']], key)
  }
  // Here the key says that the time is the end: the next job takes over the lock.
  assert.deepEqual(ends('resque:lock:Build:7', seconds(-86_400_000)), [0, null, ['healthy']])
  assert.deepEqual(ends('resque:lock:Build:7', 'true'), [null, null, ['no-ttl', 'constant-token']])
  assert.deepEqual(ends('SEMAPHORE:a:release_locks', seconds(-86_400_000)), [0, null, ['healthy']])
  assert.equal(record({key: 'lock:7', stored: {string: seconds(-1000)}}).verdict, 'healthy', 'its TTL ends it')
  assert.deepEqual(ends('lock:7', '2025550100'), [null, null, ['no-ttl']], 'a telephone number')
})

test('a value that means free is not a lock without a TTL, and a value that counts holders has their number', () => {
  const state = (key: string, string: string, expiresAtMs = -1): unknown => {
    const {family, holders, verdicts} = record({key, stored: {string}}, {expiresAtMs})
    return [family, holders, verdicts]
  }
  assert.deepEqual(
    state('a.writer', 'WORKER-3_4711_9f86d081884c4d659a2feaa0c55ad015_WRITERWAITING', NOW + 20_000),
    ['medallion-read-write', 0, ['healthy']],
    'a writer that waits holds no lock',
  )
  const file = `9f86d081884c7d659a2feaa0c55ad015/lockfiles/${'0'.repeat(32)}`
  assert.deepEqual(state(file, '0'), ['nextcloud', 0, ['healthy']])
  assert.deepEqual(state(file, '2', NOW + 5000), ['nextcloud', 2, ['constant-token']])
  assert.deepEqual(state(file, '"exclusive"', NOW + 5000), ['nextcloud', 1, ['constant-token']])
  assert.deepEqual(state('report-mutex', '0', NOW + 5000), ['string lock', 0, ['healthy']])
  assert.deepEqual(state('report-mutex', '0'), ['string lock', 0, ['healthy']])
})

test('a quoted or serialized token is matched and shown as the text in it, and compared as it is stored', () => {
  const holderOf = (bytes: Buffer): unknown => {
    const raw = rawOf({key: 'orders:lock:7', stored: {string: ''}}, {entries: [[bytes, null]]})
    const {candidates, group, holders} = lockOf(raw)
    return [holders[0]?.token, holders[0]?.text, candidates[0]?.family, group]
  }
  const group = 'string lock, UUID token'
  const java = Buffer.concat([Buffer.from([0xac, 0xed, 0, 5, 0x74, 0, 36]), Buffer.from(UUID)])
  const ruby = Buffer.concat([
    Buffer.from([4, 8, 0x49, 0x22, 41]),
    Buffer.from(UUID),
    Buffer.from([6, 0x3a, 6, 0x45, 0x54]),
  ])
  for (const [bytes, wrapping] of [
    [Buffer.from(JSON.stringify(UUID)), 'JSON'],
    [Buffer.from(`s:36:"${UUID}";`), 'PHP-serialized'],
    [java, 'Java-serialized'],
    [ruby, 'Ruby-serialized'],
  ] as const) {
    const token = bytes === java || bytes === ruby ? printable(bytes) : bytes.toString()
    assert.deepEqual(holderOf(bytes), [
      token,
      UUID,
      'home-made',
      `${group} (${wrapping}): spring-integration or home-made`,
    ])
  }
  const quotes: Shape = {key: 'lock:7', stored: {string: '"a"b"'}}
  assert.equal(recognize(rawOf(quotes), FAMILIES, true).kind, 'unknown', 'quotes inside the value')
})

test('a family is named only when no other is likely; otherwise the group has the possible ones', () => {
  const named = (key: string, string: string): unknown => {
    const {family, group} = record({key, stored: {string}})
    return group ?? family
  }
  const hex = '9f86d081884c7d659a2feaa0c55ad015'
  assert.equal(named('a:b', UUID), 'string lock, UUID token: spring-integration, redlock-rb, aioredlock or home-made')
  assert.equal(named('a', `name_123_${hex}`), 'string lock, text as token: home-made')
  assert.equal(named('a', `${hex.slice(0, 12)}4${hex.slice(13)}`), 'string lock, token of 32 hex digits: home-made')
  assert.equal(
    named('lock:7', '507f1f77bcf86cd799439011'),
    'string lock, token of 24 hex digits: python-redis-lock or home-made',
  )
  assert.equal(named('a', 'PaymentReconciliationWorker'), 'string lock, text as token: home-made')
  assert.equal(
    named('a', 'kQ3mZr8vT1pXy0LdNfGh2J'),
    'string lock, random token of 22 characters: redlock-py or home-made',
  )
  assert.equal(record({key: 'a', stored: {string: 'PaymentReconciliationWorker'}}).holder?.consumer, null)
})

test('a behavior is used only if every remaining family has it, and never-delete if any likely one has it', () => {
  const behavior = (shape: Shape): RecognizedLock['behavior'] => lockOf(rawOf(shape)).behavior
  const mutex = behavior({key: 'mutex:7', stored: {string: UUID}})
  assert.equal(mutex.lease.renewEveryMs, null, 'redis-semaphore renews, a home-made lock may not')
  assert.equal(behavior({key: 'any', stored: {hash: {[`${UUID}:17`]: '1'}}}).lease.renewEveryMs, 10_000)
  const never = behavior({key: 'bull:mail:42:lock', stored: {string: UUID}})
  assert.equal(never.release.how, 'never')
  const withId = behavior({key: 'lock:7', stored: {string: 'worker-3'}})
  assert.deepEqual(withId.release, {
    how: 'compare-and-delete',
    notify: {by: 'push', list: 'lock-signal:${name}', element: '1', expireMs: 1000},
  })
  assert.deepEqual(withId.groups, {name: '7'})
})

test('a key of an unknown format that never expires has the verdict no-ttl, unless it is of a type or size of data', () => {
  const verdicts = (stored: Shape['stored']): unknown => record({key: 'lock:x', stored}, {expiresAtMs: -1}).verdicts
  assert.deepEqual(verdicts({hash: {owner: 'a', since: '7'}}), ['no-ttl', 'unknown-format'])
  assert.deepEqual(verdicts({string: '<b>busy</b>'}), ['no-ttl', 'unknown-format'])
  for (const data of [{list: ['a']}, {set: ['a']}, {hash: {}}]) assert.deepEqual(verdicts(data), ['unknown-format'])
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

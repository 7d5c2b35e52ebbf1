import assert from 'node:assert/strict'
import {test} from 'node:test'

import {BUILTIN_FAMILIES} from '../../../../src/domain/locks/families/builtin.js'
import {compileFamilies} from '../../../../src/domain/locks/families/compiled.js'
import {type EarlierSamples, type LockSample, Observer} from '../../../../src/domain/locks/scan/observer.js'
import type {SampledKey} from '../../../../src/domain/locks/reading/sampled-key.js'
import {recognize} from '../../../../src/domain/locks/recognition/recognize.js'
import {type EarlierSample, holdId} from '../../../../src/domain/locks/recognition/renewals.js'
import {isAtOrAbove, type LockVerdict} from '../../../../src/domain/locks/recognition/lock-verdicts.js'

const NOW = Date.parse('2026-11-25T12:00:00Z')
const FAMILIES = compileFamilies(BUILTIN_FAMILIES)
const OPTIONS = {maxTtlMs: 600_000, maxHoldMs: 600_000}
const ALIVE = '6f0e1c52-0d3b-4a53-9d6f-3e1f6f0a9b11'
const DEAD = '7f0e1c52-0d3b-4a53-9d6f-3e1f6f0a9b12'

interface Sketch {
  readonly key: string
  readonly hash?: Record<string, string>
  readonly value?: string
  /** null for a lock that never expires */
  readonly ttlMs: number | null
  readonly idleSeconds?: number
}

function seen({hash, idleSeconds = 0, key, ttlMs, value}: Sketch, atMs = NOW): LockSample {
  const raw: SampledKey = {
    key: Buffer.from(key),
    name: key,
    type: hash ? 'hash' : 'string',
    expiresAtMs: ttlMs === null ? -1 : atMs + ttlMs,
    idleSeconds,
    entries: hash
      ? Object.entries(hash).map(([field, count]) => [Buffer.from(field), Buffer.from(count)])
      : [[Buffer.from(value ?? ''), null]],
    atMs,
  }
  const found = recognize(raw, FAMILIES, true)
  assert.ok(found.kind !== 'companion')
  return {raw, found}
}

/** Assesses pairs of samples that were taken 12 s apart. */
function assess(pairs: ReadonlyArray<readonly [before: Sketch, now: Sketch]>): LockVerdict[][] {
  const observer = new Observer(OPTIONS, null)
  const samples = new Map(pairs.map(([before]) => observer.remember(seen(before, NOW - 12_000))))
  return observer
    .assess(
      pairs.map(([, now]) => seen(now)),
      samples,
    )
    .map(({verdicts}) => verdicts)
}

const redisson = (instance: string, ttlMs: number): Sketch => ({
  key: `order-${instance}`,
  hash: {[`${instance}:31`]: '1'},
  ttlMs,
  idleSeconds: 12,
})
const plain = (key: string, ttlMs: number, more: Partial<Sketch> = {}): Sketch => ({
  key,
  value: 'a'.repeat(32),
  ttlMs,
  idleSeconds: 12,
  ...more,
})

/** Assesses the last of several samples of each lock; the samples before are of earlier runs, one each. */
function assessRuns(runs: ReadonlyArray<readonly [atMs: number, locks: readonly Sketch[]]>): LockVerdict[][] {
  let kept = new Map<string, EarlierSample>()
  let verdicts: LockVerdict[][] = []
  for (const [atMs, locks] of runs) {
    const memory = new Memory(kept)
    const records = new Observer(OPTIONS, memory).assess(
      locks.map((lock) => seen(lock, NOW + atMs)),
      null,
    )
    verdicts = records.map((record) => record.verdicts)
    kept = memory.kept
  }
  return verdicts
}

test('a Redisson lock whose expiry did not change may have a fixed lease, and a renewed one is healthy', () => {
  assert.deepEqual(
    assess([
      [redisson(DEAD, 25_000), redisson(DEAD, 13_000)],
      [redisson(ALIVE, 25_000), redisson(ALIVE, 23_000)],
    ]),
    [['not-seen-renewed'], ['healthy']],
  )
})

test('a Redisson lock that was renewed is not renewed once it has missed two renewals', () => {
  const renewed: Array<[number, Sketch[]]> = [
    [0, [redisson(DEAD, 25_000)]],
    [12_000, [redisson(DEAD, 23_000)]],
  ]
  const later = (ms: number): [number, Sketch[]] => [
    12_000 + ms,
    [{...redisson(DEAD, 23_000 - ms), idleSeconds: ms / 1000}],
  ]
  assert.deepEqual(assessRuns([...renewed, later(6000)]), [['healthy']], 'not due')
  // Seen at 23 s, it was renewed to at least that; its library renews each third of the lease.
  assert.deepEqual(assessRuns([...renewed, later(14_000)]), [['healthy']], 'one renewal missed')
  assert.deepEqual(assessRuns([...renewed, later(16_500)]), [['not-renewed']])
  assert.deepEqual(assessRuns([...renewed, later(6000), later(12_000), later(16_500)]), [['not-renewed']])
})

test('a Redisson lock with a fixed lease, which an active process does not renew, is healthy', () => {
  const leased = {...redisson(ALIVE, 25_000), key: 'leased'}
  const long = redisson(DEAD, 70_000)
  assert.deepEqual(
    assess([
      [leased, {...leased, ttlMs: 13_000}],
      [redisson(ALIVE, 25_000), redisson(ALIVE, 23_000)],
      [long, {...long, ttlMs: 58_000}],
    ]),
    [['healthy'], ['healthy'], ['healthy']],
  )
})

test('a plain lock whose key pattern other renewed locks share is not seen renewed, because its lease may be fixed', () => {
  const still = (key: string): readonly [Sketch, Sketch] => [plain(key, 30_000), plain(key, 18_000)]
  assert.deepEqual(assess([still('lock:user:1'), still('lock:user:2')]), [['healthy'], ['healthy']])
  const moved = [plain('lock:user:3', 30_000), plain('lock:user:3', 29_000, {idleSeconds: 0})] as const
  assert.deepEqual(assess([still('lock:user:1'), moved, still('lock:job:2')]), [
    ['not-seen-renewed'],
    ['healthy'],
    ['healthy'],
  ])
})

test('a plain lock that was renewed is not renewed once its TTL is far below the one at which its peers are renewed', () => {
  // Each sample 1 s after the one before; the peer is renewed to 30 s when its TTL is 26 s.
  const peer = (ttlMs: number): Sketch => plain('lock:user:3', ttlMs, {idleSeconds: 0})
  const runs = (ttls: readonly number[]): Array<[number, Sketch[]]> =>
    ttls.map((ttlMs, at) => [at * 1000, [plain('lock:user:1', ttlMs), peer(at % 2 === 0 ? 26_500 : 30_000)]])
  assert.deepEqual(assessRuns(runs([26_000, 30_000, 29_000, 28_000])).at(0), ['healthy'])
  const long = runs([26_000, 30_000, ...Array.from({length: 10}, (_, at) => 29_000 - at * 1000)])
  assert.deepEqual(assessRuns(long).at(0), ['not-renewed'])
})

test('a node-redlock lock that is renewed half a second before its end is never reported as not renewed', () => {
  const runs: Array<[number, Sketch[]]> = [
    [0, [plain('lock:user:1', 2000), plain('lock:user:2', 1000)]],
    [2000, [plain('lock:user:1', 9500), plain('lock:user:2', 9000)]],
  ]
  for (let ms = 1000; ms < 8000; ms += 1000)
    runs.push([2000 + ms, [plain('lock:user:1', 9500 - ms), plain('lock:user:2', 9000 - ms)]])
  for (const at of runs.keys()) {
    const verdicts = assessRuns(runs.slice(0, at + 1)).flat()
    assert.ok(!verdicts.includes('not-renewed'), JSON.stringify(runs[at]))
  }
})

test('a lock of redis-py is not compared with locks of random tokens', () => {
  const value = '99b35a00e8c711f1a1b2c3d4e5f60718' // a minute ago, as redis-py would have written it
  const [before, now] = [plain('lock:user:1', 30_000, {value}), plain('lock:user:1', 18_000, {value})]
  const moved = [plain('lock:user:3', 30_000), plain('lock:user:3', 29_000, {idleSeconds: 0})] as const
  const {found} = seen(now)
  assert.equal(found.kind === 'lock' && found.name, 'redis-py')
  assert.deepEqual(assess([[before, now], moved]), [['healthy'], ['healthy']])
})

test('a lock that another holder acquired between the samples is healthy', () => {
  const [before, now] = [plain('lock:user:1', 30_000), {...plain('lock:user:1', 18_000), value: 'b'.repeat(32)}]
  assert.deepEqual(assess([[before, now]]), [['healthy']])
})

test('a lock that was accessed without being renewed is contended', () => {
  const [before, now] = [plain('lock:user:1', 60_000), plain('lock:user:1', 48_000, {idleSeconds: 1})]
  assert.deepEqual(assess([[before, now]]), [['contended']])
})

test('a shortened expiry, as ShedLock sets it at the end of a job, is healthy', () => {
  const value = `ADDED:${new Date(NOW - 50_000_000).toISOString()}@host:${ALIVE}`
  const lock = {key: 'job-lock:default:report', value, idleSeconds: 12}
  assert.deepEqual(
    assess([
      [
        {...lock, ttlMs: 90_000},
        {...lock, ttlMs: 9000},
      ],
    ]),
    [['healthy']],
  )
})

/** Keeps samples between runs as the --first-seen file does. */
class Memory implements EarlierSamples {
  readonly kept = new Map<string, EarlierSample>()
  private readonly before: ReadonlyMap<string, EarlierSample>

  constructor(before: ReadonlyMap<string, EarlierSample> = new Map()) {
    this.before = before
  }

  get(id: string): EarlierSample | null {
    return this.before.get(id) ?? null
  }

  keep(id: string, known: EarlierSample): void {
    this.kept.set(id, known)
  }
}

test('the hold time grows from run to run, and a lock that is renewed beyond the limit is a zombie renewal', () => {
  const memory = [new Memory()]
  for (const minutes of [0, 8, 16]) {
    const last = memory.at(-1)
    assert.ok(last)
    const next = new Memory(last.kept)
    memory.push(next)
    const now = seen(redisson(ALIVE, 25_000), NOW + minutes * 60_000)
    const [record] = new Observer(OPTIONS, next).assess([now], null)
    assert.deepEqual(
      [record?.heldAtLeastMs, record?.verdict],
      [minutes === 0 ? 12_000 : minutes * 60_000, minutes === 16 ? 'zombie-renewal' : 'healthy'],
      String(minutes),
    )
  }
  assert.equal(memory.at(-1)?.kept.size, 1)
})

test('two holders of an exclusive lock and a lock key of the wrong type are reported', () => {
  const both = {key: 'orders', idleSeconds: 12, hash: {[`${ALIVE}:1`]: '1', [`${DEAD}:1`]: '1'}, ttlMs: 20_000}
  assert.deepEqual(
    assess([[both, {...both, ttlMs: 18_000}]])
      .at(0)
      ?.at(0),
    'duplicate-holder',
  )
  const odd = {key: 'RedisMutex:a', hash: {x: 'y'}, ttlMs: 20_000}
  assert.deepEqual(assess([[odd, odd]]), [['wrong-type']])
})

test('a hold id reveals neither key nor token, and is the same for the same holders in any order', () => {
  const hash = {[`${ALIVE}:1`]: '1', [`${DEAD}:1`]: '1'}
  const one = seen({key: 'k', hash, ttlMs: 1}).raw
  const other = seen({key: 'k', hash: Object.fromEntries(Object.entries(hash).toReversed()), ttlMs: 9}).raw
  assert.equal(holdId(one), holdId(other))
  assert.match(holdId(one), /^[\w-]{16}$/)
  assert.notEqual(holdId(one), holdId(seen({key: 'k', hash: {[`${ALIVE}:1`]: '1'}, ttlMs: 1}).raw))
})

test('a verdict is at or above a level by its severity, and healthy is below all levels', () => {
  assert.deepEqual(
    (['error', 'warn', 'info'] as const).map((level) =>
      (['no-ttl', 'not-renewed', 'unknown-format', 'healthy'] as const).map((verdict) => isAtOrAbove(verdict, level)),
    ),
    [
      [true, false, false, false],
      [true, true, false, false],
      [true, true, true, false],
    ],
  )
})

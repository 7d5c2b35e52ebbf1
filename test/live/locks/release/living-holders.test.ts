import assert from 'node:assert/strict'
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {test, type TestContext} from 'node:test'

import type {LockReleaseAnswer} from '../../../../src/commands/locks/release.js'
import type {LockReleases} from '../../../../src/domain/locks/release/execute-release.js'
import type {LockRecord} from '../../../../src/domain/locks/recognition/lock-record.js'
import {deleteAll, type HeldLock, redissonProgram, uuid1} from '../../../support/fleets/held-locks.js'
import {holdUntilEnd} from '../../../support/fleets/hold-until-end.js'
import {nodeProgram, type Program, pythonProgram} from '../../../support/fleets/programs.js'
import {execute, executeArgs, plan} from '../../../support/reports/lock-releases.js'
import {closeFirst, live, type Place, until} from '../../../support/servers/live.js'
import {askCli, parseDocument, runCli, startCli} from '../../../support/shells/cli.js'

const UUID = '6f0e1c52-0d3b-4a53-9d6f-3e1f6f0a9b11'
const fixed = redissonProgram({many: 1, lease: 25})
const redissonWaiter = redissonProgram({waiter: true})
const python = pythonProgram('locks.py')
const pythonWaiter: Program | null = python && {...python, env: {...python.env, KEYSHIFT_WAITER: '1'}}
const UNAVAILABLE = 'the library cannot be installed here'

/** Scans twice, 12 s apart, and plans the release of all locks of the scan. */
async function planAll(place: Place, ...more: string[]): Promise<[readonly LockRecord[], LockReleaseAnswer]> {
  const {stdout} = await runCli([
    ...['locks', 'scan', '--pattern', `*${place.keyPrefix}*`, '--observe', '12s', '--output', 'ndjson'],
  ])
  const file = join(place.folder, 'scan.ndjson')
  await writeFile(file, stdout)
  const locks = stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as LockRecord]))
  return [locks, await askCli<LockReleaseAnswer>(['locks', 'release', '--scan', file, ...more])]
}

test(
  'locks with a fixed lease of active holders are never reported as not renewed, and no plan from a scan contains them',
  {skip: fixed === null ? UNAVAILABLE : false},
  live(async (t, place) => {
    assert.ok(fixed)
    const held: HeldLock[] = []
    for (const program of [fixed, nodeProgram('locks.mjs')]) {
      held.push(...(await holdUntilEnd(t, place, program)).held)
    }
    // A lock of the same kind that its holder renews.
    const renewed = `${place.keyPrefix}lock:v9`
    await place.redis.set(renewed, 'a3'.repeat(16), 'PX', 40_000)
    const renewing = setInterval(() => void place.redis.pexpire(renewed, 40_000), 2000)
    closeFirst(t, () => {
      clearInterval(renewing)
      return Promise.resolve()
    })
    const [locks, {plan: planned, skipped}] = await planAll(place)
    const verdicts = Object.fromEntries(locks.map(({key, verdict}) => [key, verdict]))
    assert.ok(!Object.values(verdicts).includes('not-renewed'), JSON.stringify(verdicts))
    assert.equal(verdicts[held[0]?.key ?? ''], 'not-seen-renewed', JSON.stringify(locks))
    // A lock whose peers are read on a later page of the scan is healthy.
    assert.ok(['healthy', 'not-seen-renewed'].includes(verdicts[`${place.keyPrefix}lock:v4`] ?? ''))
    assert.deepEqual(planned.releases, [])
    assert.equal(skipped.length, locks.length)
  }),
)

test(
  'a plan from a scan contains a lock without a TTL only if its holder has had it for longer than --max-hold',
  live(async (t, place) => {
    const {keyPrefix, redis} = place
    closeFirst(t, () => deleteAll(redis, keyPrefix))
    // redis-py writes a new token at each acquisition, so the token shows whether the holder is the same.
    const key = `${keyPrefix}lock:forever`
    await redis.set(key, uuid1(Date.now()))
    const [, soon] = await planAll(place)
    assert.deepEqual(soon.plan.releases, [])
    assert.match(soon.skipped[0]?.reason ?? '', /held for at least .*--max-hold/)
    const [, later] = await planAll(place, '--max-hold', '5s')
    assert.deepEqual(
      later.plan.releases.map(({action, lock}) => [action, lock.key]),
      [['expire', key]],
    )
    const file = join(place.folder, 'scan.ndjson')
    await redis.set(key, uuid1(Date.now()))
    const args = ['locks', 'release', '--scan', file, '--max-hold', '5s']
    const {plan: planned, skipped} = await askCli<LockReleaseAnswer>(args)
    assert.deepEqual(
      [planned.releases, skipped],
      [[], [{key, reason: 'another holder has acquired it since the scan'}]],
    )
  }),
)

test(
  'a lock without a TTL whose token is always the same is released only if no client wrote to it during a watch',
  live(async (t, place) => {
    const {keyPrefix, redis} = place
    closeFirst(t, () => deleteAll(redis, keyPrefix))
    const key = `${keyPrefix}lock:host`
    await redis.set(key, 'worker-3')
    const [, kept] = await plan(place, [key])
    const [first] = kept.plan.releases
    assert.deepEqual([first?.action, first?.watchMs], ['keep', 600_000])
    const shown = await runCli(['locks', 'release', key])
    assert.match(shown.stdout, /next: keyshift locks release .* --max-hold 600s --observe 600s -o plan\.json/)

    const watch = ['--max-hold', '1s', '--observe', '1s']
    // A user of its own distinguishes the connection that watches. Its last command compares the expiry.
    const [url, user] = await addUser(t, place)
    const [file] = await plan(place, [key], ...watch, '--redis-url', url)
    const releasing = execute(place, file, '--redis-url', url)
    await until('the watch', async () => new RegExp(` cmd=pexpiretime user=${user} `).test(await clientsOf(place)))
    await redis.del(key)
    await redis.set(key, 'worker-3')
    assert.equal((await releasing).executed?.releases[0]?.result, 'changed')
    assert.equal(await redis.pttl(key), -1)

    const [again] = await plan(place, [key], ...watch)
    assert.equal((await execute(place, again)).executed?.releases[0]?.result, 'released')
    const ttl = await redis.pttl(key)
    assert.ok(ttl > 0 && ttl <= 60_000, String(ttl))
  }),
)

test(
  'a constant token and an unknown format are released by name with --hard and a watch, and never from a scan',
  live(async (t, place) => {
    const {keyPrefix, redis} = place
    closeFirst(t, () => deleteAll(redis, keyPrefix))
    const [constant, unknown] = [`${keyPrefix}lock:one`, `${keyPrefix}lock:odd`]
    await redis.set(constant, '1')
    await redis.hset(unknown, 'owner', 'worker 3')
    const actionsOf = async (...more: string[]): Promise<string[]> => {
      const [, answer] = await plan(place, [constant, unknown], ...more)
      return answer.plan.releases.map(({action}) => action)
    }
    assert.deepEqual(await actionsOf(), ['keep', 'keep'])
    assert.deepEqual(await actionsOf('--hard'), ['keep', 'keep'])
    assert.deepEqual(await actionsOf('--observe', '1s'), ['keep', 'keep'])
    const [, {plan: planned, skipped}] = await planAll(place, '--hard', '--observe', '1s', '--max-hold', '1s')
    assert.deepEqual([planned.releases, skipped.length], [[], 2])
    assert.deepEqual(
      await actionsOf('--hard', '--observe', '1s'),
      ['keep', 'keep'],
      'shorter than the work of a holder',
    )
    const [file] = await plan(place, [constant, unknown], '--hard', '--observe', '1s', '--max-hold', '1s')
    assert.equal((await execute(place, file)).executed?.summary.released, 2)
    assert.equal(await redis.exists(constant, unknown), 0)
  }),
)

for (const [library, waiter, key, lay] of [
  ['Redisson', redissonWaiter, 'stuck', (place: Place, key: string) => place.redis.hset(key, `${UUID}:31`, '1')],
  [
    'python-redis-lock',
    pythonWaiter,
    'lock:stuck',
    (place: Place, key: string) => place.redis.set(key, Buffer.alloc(18, 'k').toString('base64')),
  ],
] as const) {
  test(
    `a waiter of ${library} that waits for a lock without a TTL gets it when the TTL has passed that a release set`,
    {skip: waiter === null ? UNAVAILABLE : false},
    live(async (t, place) => {
      assert.ok(waiter)
      const {keyPrefix, redis} = place
      const name = library === 'Redisson' ? `${keyPrefix}${key}` : `lock:${keyPrefix}stuck`
      await lay(place, name)
      const waiting = holdUntilEnd(t, place, waiter)
      await until('its waiter', async () => isWaiting(place, name))
      const watch = ['--max-hold', '1s', '--observe', '1s', '--grace', '2s']
      const [file] = await plan(place, [name], ...watch)
      const {executed} = await execute(place, file)
      assert.equal(executed?.releases[0]?.result, 'released', JSON.stringify(executed))
      const {held} = await waiting
      assert.deepEqual(
        held.map((lock) => lock.key),
        [name],
      )
      assert.equal(await redis.exists(name), 1)
    }),
  )
}

test(
  'Ctrl-C before waiters are woken: exit 8, the lock keeps its TTL, and the result shows how to wake them',
  live(async (t, place) => {
    const {keyPrefix, redis} = place
    closeFirst(t, () => deleteAll(redis, keyPrefix))
    const key = `lock:${keyPrefix}stuck`
    await redis.set(key, Buffer.alloc(18, 'k').toString('base64'))
    const [file] = await plan(place, [key], '--max-hold', '1s', '--observe', '1s')
    const {child, finished} = startCli([...executeArgs(place, file), '--json'])
    await until('the TTL', async () => (await redis.pttl(key)) > 0)
    child.kill('SIGINT')
    const {code, stderr, stdout} = await finished
    assert.equal(code, 8, stdout)
    const {error} = parseDocument(stdout)
    assert.match(error.message, /interrupted before the waiters were woken/)
    const [release] = (error.data as unknown as LockReleases).releases
    assert.equal(release?.result, 'released')
    assert.match(release.reason ?? '', /wake them on its server: redis-cli RPUSH 'lock-signal:|RPUSH lock-signal:/)
    assert.match(stderr, /watching 1 lock for 1\.0 s; .*\n.*to wake the waiters, waiting for the end of 1 lock/s)
    assert.ok((await redis.pttl(key)) > 0)
  }),
)

/** A waiter subscribes to the channel of a Redisson lock, and blocks on the signal list of a python-redis-lock. */
async function isWaiting(place: Place, key: string): Promise<boolean> {
  const [, subscribers] = (await place.redis.call('PUBSUB', 'NUMSUB', `redisson_lock__channel:{${key}}`)) as [
    string,
    number,
  ]
  return subscribers > 0 || (await clientsOf(place)).includes(' cmd=blpop ')
}

/** @returns the address with a user for this test, and the name of the user. */
async function addUser(t: TestContext, {addresses, keyPrefix, redis}: Place): Promise<[url: string, user: string]> {
  const user = keyPrefix.replaceAll(':', '')
  await redis.call('ACL', 'SETUSER', user, 'on', '>secret', '~*', '&*', '+@all')
  closeFirst(t, async () => {
    await redis.call('ACL', 'DELUSER', user)
  })
  return [addresses.redisUrl.replace('redis://', `redis://${user}:secret@`), user]
}

async function clientsOf({redis}: Place): Promise<string> {
  return String(await redis.call('CLIENT', 'LIST'))
}

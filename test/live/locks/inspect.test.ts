import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {LockInspection} from '../../../src/domain/locks/inspect/collect-lock.js'
import type {LockScan} from '../../../src/domain/locks/scan/collect-locks.js'
import {renderLock} from '../../../src/cli/render/locks/lock.js'
import {renderReleasePlan} from '../../../src/cli/render/locks/lock-release.js'
import {effectOf} from '../../../src/domain/locks/release/release-plan.js'
import {plan} from '../../support/reports/lock-releases.js'
import {askCli, requireFailure, runCli} from '../../support/shells/cli.js'
import {deleteAll, uuid1, redissonProgram} from '../../support/fleets/held-locks.js'
import {holdUntilEnd} from '../../support/fleets/hold-until-end.js'
import {closeFirst, live, until} from '../../support/servers/live.js'

const inspect = (key: string, ...more: string[]): Promise<LockInspection> =>
  askCli<LockInspection>(['locks', 'inspect', key, ...more])

const redisson = redissonProgram()

test(
  'a Redisson lock is shown with its waiters, their connections, and the effect of a release',
  {skip: redisson === null ? 'the libraries cannot be installed here' : false},
  live(async (t, place) => {
    assert.ok(redisson)
    const {keyPrefix} = place
    const holding = await holdUntilEnd(t, place, redisson)
    const [fair, renewed, twice, write] = ['fair', 'renewed', 'twice', 'write'].map((name) => keyPrefix + name)
    assert.ok(fair && renewed && twice && write)
    await until('the waiters', async () => (await inspect(fair)).waiters.queue.length === 1)
    await until('the waiter of the other lock', async () => (await inspect(renewed)).waiters.subscribers === 1)

    const queued = await inspect(fair)
    assert.deepEqual(
      queued.waiters.queue.map(({isSubscribed}) => isSubscribed),
      [true],
    )
    assert.deepEqual(queued.companions.map(({role}) => role).toSorted(), ['deadlines', 'waiters'])
    assert.deepEqual(
      [queued.release.action, queued.release.notify],
      ['delete', {by: 'publish', channel: `redisson_lock__channel:{${fair}}`, message: '0'}],
    )
    assert.equal((await inspect(twice)).lock.reentrancy, 2)
    const writing = await inspect(write)
    assert.deepEqual(
      [writing.release.action, writing.release.alsoDelete.length, writing.release.notify?.by],
      ['delete', 1, 'publish'],
    )
    const text = await runCli(['locks', 'inspect', fair])
    assert.match(text.stdout, /Redisson lock.*confidence 99 %/)
    assert.match(text.stdout, /1 +[0-9a-f-]+:\d+ +yes/)
    assert.match(text.stdout, /3\. notify the waiters: publish 0 on redisson_lock__channel/)

    await holding.close()
    await until('the waiter to disconnect', async () => (await inspect(fair)).waiters.queue[0]?.isSubscribed === false)
    assert.equal((await inspect(renewed)).waiters.subscribers, 0)
  }),
)

test(
  'a lock that must not be deleted shows what to do instead, and a lock of an unknown format is kept',
  live(async (t, {keyPrefix, redis}) => {
    closeFirst(t, () => deleteAll(redis, keyPrefix))
    const uuid = '6f0e1c52-0d3b-4a53-9d6f-3e1f6f0a9b11'
    const [job, odd, signal] = [`bull:${keyPrefix}mail:7:lock`, `${keyPrefix}odd`, `lock:${keyPrefix}a`]
    await redis.set(job, uuid, 'PX', 30_000)
    await redis.hset(odd, 'a', 'b')
    await redis.set(signal, 'kQ3mZr8vT1pXy0LdNfGh2Js+')
    const found = await inspect(job)
    assert.equal(found.release.action, 'keep')
    assert.match(found.release.reason ?? '', /another worker starts it/)
    assert.equal((await inspect(odd)).release.action, 'keep')
    assert.match(
      (await runCli(['locks', 'inspect', odd])).stdout,
      /A release would not change the key: its format is unknown/,
    )
    const {lock, release} = await inspect(signal)
    assert.deepEqual([lock.family, lock.verdict], ['string lock', 'no-ttl'])
    assert.equal(lock.group, 'string lock, random token of 24 characters: python-redis-lock or home-made')
    assert.deepEqual([release.action, release.graceMs, release.watchMs], ['expire', 60_000, 600_000])
    const shown = await runCli(['locks', 'inspect', signal])
    assert.match(shown.stdout, /A release needs a watch: it has no TTL and its token may be the same each time/)
    assert.match(shown.stdout, /next:\n {2}keyshift locks release .*--observe 600s/)
    assert.equal(await redis.exists(job, odd, signal), 3, 'nothing was changed')
  }),
)

test(
  'inspect and release describe the same effect in the same words',
  live(async (t, place) => {
    const {keyPrefix, redis} = place
    closeFirst(t, () => deleteAll(redis, keyPrefix))
    const uuid = '6f0e1c52-0d3b-4a53-9d6f-3e1f6f0a9b11'
    const keys = ['redis-py', 'redisson'].map((name) => `${keyPrefix}${name}`)
    const [pyKey = '', redissonKey = ''] = keys
    const [pythonKey, mutexKey] = [`lock:${keyPrefix}python`, `mutex:${keyPrefix}node`]
    await redis.set(pyKey, uuid1(Date.now() - 1_200_000))
    await redis.hset(redissonKey, `${uuid}:31`, '1')
    await redis.pexpire(redissonKey, 60_000)
    await redis.set(pythonKey, 'kQ3mZr8vT1pXy0LdNfGh2Js+', 'PX', 60_000)
    await redis.set(mutexKey, uuid, 'PX', 60_000)
    const watch = ['--max-hold', '1s', '--observe', '1s']
    const [, {plan: planned}] = await plan(place, [...keys, pythonKey, mutexKey], ...watch)
    const table = renderReleasePlan(planned, [], null)
    const expected = new Map([
      [pyKey, ['redis-py', 'set the TTL to 60 s']],
      [
        redissonKey,
        ['redisson', `delete the lock; notify the waiters: publish 0 on redisson_lock__channel:{${redissonKey}}`],
      ],
      [
        pythonKey,
        ['string lock', `delete the lock; notify the waiters: push 1 to lock-signal:${keyPrefix}python for 1.0 s`],
      ],
      [mutexKey, ['string lock', 'delete the lock']],
    ])
    assert.equal(planned.releases.length, expected.size)
    for (const release of planned.releases) {
      const inspection = await inspect(release.lock.key, '--max-hold', '1s')
      const [family, effects = ''] = expected.get(release.lock.key) ?? []
      assert.equal(inspection.lock.family, family)
      assert.deepEqual(
        {...inspection.release, reason: null},
        {...effectOf(release), watchMs: inspection.release.watchMs},
      )
      // The table leaves out the names of channels and lists.
      const [brief = ''] = effects.split(':')
      assert.ok(table.includes(brief), table)
      const text = renderLock(inspection)
      for (const effect of effects.split('; ')) assert.ok(text.includes(`. ${effect}\n`), text)
    }
  }),
)

test(
  'a missing key and a key that belongs to a lock are refused with the next command',
  live(async (t, {keyPrefix, redis}) => {
    closeFirst(t, () => deleteAll(redis, keyPrefix))
    await redis.rpush(`redisson_lock_queue:{${keyPrefix}a}`, 'x')
    const missing = {exit: 4, code: 'E_NO_LOCK', says: /does not exist/}
    await requireFailure({...missing, args: ['locks', 'inspect', `${keyPrefix}nothing`]})
    const waitQueue = {exit: 3, code: 'E_NOT_A_LOCK', says: /contains the waiters of/}
    await requireFailure({...waitQueue, args: ['locks', 'inspect', `redisson_lock_queue:{${keyPrefix}a}`]})
  }),
)

test(
  'connections that may belong to the holder are shown, and whether they are older than the lock',
  live(async (t, {addresses, keyPrefix, redis}) => {
    closeFirst(t, () => deleteAll(redis, keyPrefix))
    const host = `worker-${keyPrefix.replaceAll(':', '')}`
    const worker = redis.duplicate({connectionName: `orders-${host}`, enableOfflineQueue: true})
    t.after(() => {
      worker.disconnect()
    })
    const lock = (acquiredAt: Date): Promise<unknown> =>
      worker.set(`${keyPrefix}job`, `ADDED:${acquiredAt.toISOString()}@${host}`, 'PX', 60_000)
    await lock(new Date())
    const one = (await inspect(`${keyPrefix}job`)).connections?.candidates
    assert.deepEqual(
      one?.map(({connectedBeforeLock, matchedBy, name}) => [name, matchedBy, connectedBeforeLock]),
      [[`orders-${host}`, 'name', true]],
    )
    await lock(new Date(Date.now() - 3_600_000))
    assert.equal((await inspect(`${keyPrefix}job`)).connections?.candidates[0]?.connectedBeforeLock, false)
    const text = (await runCli(['locks', 'inspect', `${keyPrefix}job`])).stdout
    assert.match(text, /orders-worker-.* name .*NO: connected after the lock was acquired/)

    worker.disconnect()
    await until('the worker to disconnect', async () => {
      const {connections} = await inspect(`${keyPrefix}job`)
      return connections?.candidates.length === 0 && connections.isIdentifiable
    })
    const user = keyPrefix.replaceAll(':', '')
    await redis.call('ACL', 'SETUSER', user, 'on', '>secret', '~*', '+@all', '-client|list')
    closeFirst(t, async () => {
      await redis.call('ACL', 'DELUSER', user)
    })
    const url = new URL(addresses.redisUrl)
    url.username = user
    url.password = 'secret'
    const args = ['locks', 'inspect', `${keyPrefix}job`, '--redis-url', url.href]
    const {connections, missingRight} = await askCli<LockInspection>(args)
    assert.deepEqual([connections, missingRight], [null, '+client|list'])
  }),
)

test(
  'a lock whose key is not text is inspected under the name that a scan shows',
  live(async (t, place) => {
    const {keyPrefix, redis} = place
    const key = Buffer.concat([Buffer.from(`${keyPrefix}lock:`), Buffer.from([0xff, 0x00, 0x80])])
    await redis.set(key, 'worker-1/8f14e45fceea467fa8f53b2b7c1d9a01', 'PX', 60_000)
    closeFirst(t, async () => {
      await redis.del(key)
    })
    const {locks} = await askCli<LockScan>(['locks', 'scan', '--pattern', `${keyPrefix}*`, '--assume-locks'])
    const [name = ''] = locks.map((lock) => lock.key)
    assert.match(name, /^base64:/)
    const {lock} = await inspect(name)
    assert.deepEqual([lock.key, lock.holder], [name, locks[0]?.holder])
  }),
)

import assert from 'node:assert/strict'
import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {test} from 'node:test'

import type {Redis} from 'ioredis'

import type {AuditReport} from '../../../../src/clients/files/audit-log.js'
import {askCli, parseDocument, requireFailure, runCli} from '../../../support/shells/cli.js'
import {deleteAll, uuid1} from '../../../support/fleets/held-locks.js'
import {closeFirst, live, until} from '../../../support/servers/live.js'
import {execute, executeArgs, plan} from '../../../support/reports/lock-releases.js'

const UUID = '6f0e1c52-0d3b-4a53-9d6f-3e1f6f0a9b11'
const TOKEN = 'a3'.repeat(16)

/** A lock of each kind that matters to a release. */
async function layLocks(redis: Redis, prefix: string): Promise<Record<string, string>> {
  const at = (name: string): string => prefix + name
  await redis.set(at('plain'), TOKEN, 'PX', 60_000)
  await redis.set(at('forever'), uuid1(Date.now() - 1_200_000))
  await redis.hset(at('redisson'), `${UUID}:31`, '2')
  await redis.pexpire(at('redisson'), 25_000)
  await redis.hset(at('write'), {mode: 'write', [`${UUID}:31:write`]: '1'})
  await redis.pexpire(at('write'), 25_000)
  await redis.set(`{${at('write')}}:${UUID}:31:write:rwlock_timeout:1`, '1', 'PX', 25_000)
  await redis.zadd(at('symfony'), String(Date.now() + 60_000), `${'q1'.repeat(21)}q=`)
  await redis.zadd(at('symfony'), String(Date.now() + 60_000), '__write__')
  await redis.pexpire(at('symfony'), 60_000)
  await redis.set(`bull:${prefix}mail:7:lock`, UUID, 'PX', 30_000)
  await redis.set(at('one'), '1')
  await redis.rpush(at('odd'), 'a')
  const names = ['plain', 'forever', 'redisson', 'write', 'symfony', 'one', 'odd']
  return {...Object.fromEntries(names.map((name) => [name, at(name)])), bull: `bull:${prefix}mail:7:lock`}
}

for (const path of ['a script', 'a transaction'] as const) {
  const how = path === 'a script' ? [] : ['--avoid-scripts']
  test(
    `${path} deletes each kind of lock, sets a TTL on it, or keeps it with the reason, and changes nothing else`,
    live(async (t, place) => {
      const {keyPrefix, redis} = place
      closeFirst(t, () => deleteAll(redis, keyPrefix))
      const keys = await layLocks(redis, keyPrefix)
      const actionsOf = async (...more: string[]): Promise<[string, unknown[]]> => {
        const [file, {plan: planned}] = await plan(place, Object.values(keys), ...more)
        const actions = new Map(planned.releases.map(({action, lock}) => [lock.key, action]))
        const names = ['plain', 'redisson', 'write', 'symfony', 'forever', 'bull', 'one', 'odd']
        return [file, names.map((name) => actions.get(keys[name] ?? ''))]
      }
      const kept = ['keep', 'keep', 'keep']
      const [soft, actions] = await actionsOf()
      assert.deepEqual(actions, ['keep', 'keep', 'keep', 'keep', 'expire', ...kept], 'only one shows that it is stuck')
      const [hard, others] = await actionsOf('--hard')
      assert.deepEqual(others, ['delete', 'delete', 'delete', 'delete', 'delete', ...kept])
      assert.equal(await redis.exists(...Object.values(keys)), 8, 'planning changes nothing')

      const first = await execute(place, soft, ...how)
      assert.deepEqual([first.executed?.summary.released, first.executed?.summary.refused], [1, 7])
      const {executed} = await execute(place, hard, ...how)
      assert.deepEqual(executed?.summary, {changed: 0, failed: 0, ended: 0, refused: 3, released: 4, renewed: 1})
      const left = await redis.keys(`*${keyPrefix}*`)
      assert.deepEqual(left.toSorted(), [keys['bull'], keys['forever'], keys['odd'], keys['one']].toSorted())
      const ttl = await redis.pttl(keys['forever'] ?? '')
      assert.ok(ttl > 0 && ttl <= 60_000, String(ttl))
      const refused = executed.releases.filter(({result}) => result === 'refused').map(({reason}) => reason ?? '')
      assert.ok(refused.every((reason) => reason.length > 20))
    }),
  )

  test(
    `${path} releases no lock that was renewed, acquired by another holder, acquired again or deleted since the plan`,
    live(async (t, place) => {
      const {keyPrefix, redis} = place
      closeFirst(t, () => deleteAll(redis, keyPrefix))
      const key = (name: string): string => keyPrefix + name
      const names = ['renewed', 'again', 'reacquired', 'ended', 'endless', 'other-type']
      for (const name of names) {
        await redis.hset(key(name), `${UUID}:31`, '1')
        await redis.pexpire(key(name), 25_000)
      }
      const [file] = await plan(place, names.map(key), '--hard')
      await redis.pexpire(key('renewed'), 30_000)
      await redis.del(key('again'), key('ended'), key('other-type'))
      await redis.hset(key('again'), `${UUID}:32`, '1')
      await redis.pexpire(key('again'), 25_000)
      await redis.hincrby(key('reacquired'), `${UUID}:31`, 1)
      await redis.persist(key('endless'))
      await redis.set(key('other-type'), 'x', 'PX', 25_000)
      const {executed} = await execute(place, file, ...how)
      assert.deepEqual(Object.fromEntries(executed?.releases.map(({key: name, result}) => [name, result]) ?? []), {
        [key('renewed')]: 'renewed',
        [key('again')]: 'changed',
        [key('reacquired')]: 'changed',
        [key('ended')]: 'ended',
        [key('endless')]: 'renewed',
        [key('other-type')]: 'changed',
      })
      assert.equal(await redis.exists(...names.map(key)), 5)
    }),
  )

  test(
    `${path} removes a disconnected waiter from the head of a wait queue and notifies the next one on its own channel`,
    live(async (t, place) => {
      const {keyPrefix, redis} = place
      closeFirst(t, () => deleteAll(redis, keyPrefix))
      const key = `${keyPrefix}fair`
      const waiters = [`${UUID}:41`, `${UUID}:42`]
      await redis.hset(key, `${UUID}:31`, '1')
      await redis.pexpire(key, 25_000)
      await redis.rpush(`redisson_lock_queue:{${key}}`, ...waiters)
      for (const waiter of waiters) await redis.zadd(`redisson_lock_timeout:{${key}}`, '1', waiter)
      const listener = redis.duplicate()
      closeFirst(t, async () => {
        await listener.quit()
      })
      await listener.connect()
      const heard: string[] = []
      listener.on('message', (channel: string, message: string) => heard.push(`${channel} ${message}`))
      await listener.subscribe(`redisson_lock__channel:{${key}}:${waiters[1] ?? ''}`)
      const [file] = await plan(place, [key], '--hard')
      const {executed} = await execute(place, file, ...how)
      assert.ok(executed)
      const [release] = executed.releases
      assert.deepEqual(release?.removedWaiters, [waiters[0]])
      assert.equal(release.notified?.receivers, 1)
      await until('the message', () => heard.length === 1)
      assert.deepEqual(heard, [`redisson_lock__channel:{${key}}:${waiters[1] ?? ''} 0`])
      assert.deepEqual(await redis.lrange(`redisson_lock_queue:{${key}}`, 0, -1), [waiters[1]])
      assert.deepEqual(await redis.zrange(`redisson_lock_timeout:{${key}}`, '0', '-1'), [waiters[1]])
    }),
  )
}

test(
  'a TTL is never extended, by a script or a transaction',
  live(async (t, place) => {
    const {keyPrefix, redis} = place
    closeFirst(t, () => deleteAll(redis, keyPrefix))
    const soft = ['--soft', '--max-hold', '1s', '--observe', '1s']
    for (const how of [[], ['--avoid-scripts']]) {
      await redis.set(`${keyPrefix}short`, TOKEN, 'PX', 20_000)
      await redis.set(`${keyPrefix}long`, TOKEN, 'PX', 500_000)
      const [file] = await plan(place, [`${keyPrefix}short`, `${keyPrefix}long`], ...soft)
      const {executed} = await execute(place, file, ...how)
      assert.equal(executed?.summary.released, 2)
      const [short, long] = await Promise.all([redis.pttl(`${keyPrefix}short`), redis.pttl(`${keyPrefix}long`)])
      assert.ok(short > 0 && short <= 20_000 && long > 20_000 && long <= 60_000, `${String(short)} ${String(long)}`)
      await deleteAll(redis, keyPrefix)
    }
  }),
)

test(
  'a login without the right to run scripts releases with a transaction',
  live(async (t, place) => {
    const {addresses, keyPrefix, redis} = place
    const user = `r${String(Date.now())}`
    closeFirst(t, async () => {
      await redis.call('ACL', 'DELUSER', user)
      await deleteAll(redis, keyPrefix)
    })
    await redis.call('ACL', 'SETUSER', user, 'on', '>right', `~${keyPrefix}*`, '&*', '+@all', '-@scripting')
    const url = addresses.redisUrl.replace('redis://', `redis://${user}:right@`)
    await redis.set(`${keyPrefix}a`, TOKEN, 'PX', 60_000)
    const [file] = await plan(place, [`${keyPrefix}a`], '--redis-url', url, '--hard')
    const {executed} = await execute(place, file, '--redis-url', url)
    assert.equal(executed?.summary.released, 1)
    assert.equal(await redis.exists(`${keyPrefix}a`), 0)
    await redis.call('ACL', 'SETUSER', user, '-watch')
    await redis.set(`${keyPrefix}b`, TOKEN, 'PX', 60_000)
    const [watched] = await plan(place, [`${keyPrefix}b`], '--redis-url', url, '--hard', '--observe', '10m')
    const run = await runCli([...executeArgs(place, watched, '--redis-url', url), '--json'])
    const {error} = parseDocument(run.stdout)
    assert.deepEqual([run.code, error.code], [4, 'E_RELEASE_FAILED'])
    assert.match(error.message, /permissions to run the 'watch' command/)
  }),
)

test(
  'the audit log has one line per decision without tokens, and a change of the log is detected',
  live(async (t, place) => {
    const {folder, keyPrefix, redis} = place
    closeFirst(t, () => deleteAll(redis, keyPrefix))
    await redis.set(`${keyPrefix}a`, TOKEN, 'PX', 60_000)
    await redis.set(`${keyPrefix}b`, TOKEN, 'PX', 60_000)
    const [file] = await plan(place, [`${keyPrefix}a`, `${keyPrefix}b`], '--hard')
    await redis.pexpire(`${keyPrefix}b`, 90_000)
    await execute(place, file)
    const log = join(folder, 'audit.ndjson')
    const text = await readFile(log, 'utf8')
    assert.ok(!text.includes(TOKEN))
    const lines = text.trimEnd().split('\n')
    const facts = lines.map((line) => (JSON.parse(line) as {facts: Record<string, unknown>}).facts)
    assert.deepEqual(
      facts.map(({event, key, leftBecause, reason, result}) => [event, key, reason, result, leftBecause]),
      [
        ['begin', undefined, 'a test', undefined, undefined],
        ['decision', `${keyPrefix}a`, 'a test', 'released', null],
        ['decision', `${keyPrefix}b`, 'a test', 'renewed', null],
      ],
    )
    assert.equal((await askCli<AuditReport>(['locks', 'audit-log', 'verify', log])).lines, 3)
    for (const broken of [
      text.replace('"renewed"', '"released"'),
      lines.slice(1).join('\n'),
      [lines[0], lines[2], ''].join('\n'),
    ]) {
      await writeFile(log, broken)
      await requireFailure({
        exit: 5,
        code: 'E_AUDIT_BROKEN',
        says: /line \d/,
        args: ['locks', 'audit-log', 'verify', log],
      })
    }
    await requireFailure({exit: 5, code: 'E_AUDIT_BROKEN', says: /line \d/, args: executeArgs(place, file)})
  }),
)

for (const releases of [2, 8]) {
  test(
    `${String(releases)} releases at once: the audit log has every decision and is intact`,
    live(async (t, place) => {
      const {folder, keyPrefix, redis} = place
      closeFirst(t, () => deleteAll(redis, keyPrefix))
      const keys = Array.from({length: releases}, (_, at) =>
        ['a', 'b', 'c'].map((name) => `${keyPrefix}${name}${String(at)}`),
      )
      for (const key of keys.flat()) await redis.set(key, TOKEN, 'PX', 60_000)
      const plans = await Promise.all(keys.map((own) => plan(place, own, '--hard')))
      const answers = await Promise.all(plans.map(([file]) => execute(place, file)))
      assert.ok(answers.every(({executed}) => executed?.summary.released === 3))
      const log = join(folder, 'audit.ndjson')
      assert.equal((await askCli<AuditReport>(['locks', 'audit-log', 'verify', log])).lines, 4 * releases)
      const recorded = (await readFile(log, 'utf8'))
        .split('\n')
        .flatMap((line) => /"key":"(?<key>[^"]+)"/.exec(line)?.groups?.['key'] ?? [])
      assert.deepEqual([...new Set(recorded)].toSorted(), keys.flat().toSorted())
    }),
  )
}

test(
  'a release stops when the holders are active, and reports which locks it did not process',
  live(async (t, place) => {
    const {keyPrefix, redis} = place
    closeFirst(t, () => deleteAll(redis, keyPrefix))
    const keys = Array.from({length: 60}, (_, at) => `${keyPrefix}${String(at).padStart(2, '0')}`)
    for (const key of keys) await redis.set(key, TOKEN, 'PX', 60_000)
    const [file] = await plan(place, keys, '--hard')
    for (const key of keys) await redis.pexpire(key, 70_000)
    const run = await runCli([...executeArgs(place, file), '--json'])
    assert.equal(run.code, 8, run.stdout)
    const {error} = parseDocument(run.stdout)
    assert.equal(error.code, 'E_RELEASE_STOPPED')
    assert.deepEqual((error.data as {summary: unknown}).summary, {
      changed: 0,
      failed: 0,
      ended: 0,
      refused: 40,
      released: 0,
      renewed: 20,
    })
    assert.equal(await redis.exists(...keys), 60)
  }),
)

test(
  'a missing, altered or foreign plan, a missing reason and a missing terminal are refused',
  live(async (t, place) => {
    const {folder, keyPrefix, redis} = place
    closeFirst(t, () => deleteAll(redis, keyPrefix))
    await redis.set(`${keyPrefix}a`, TOKEN, 'PX', 60_000)
    const [file] = await plan(place, [`${keyPrefix}a`], '--hard')
    const text = await readFile(file, 'utf8')
    const [altered, other] = [join(folder, 'altered.json'), join(folder, 'other.json')]
    await writeFile(altered, text.replace(keyPrefix, `${keyPrefix}x`))
    await writeFile(other, '{}')
    const fails = (exit: number, code: string, args: readonly string[]): Promise<void> =>
      requireFailure({exit, code, says: /./, args: [...args]})
    await fails(2, 'E_LOCKS', ['locks', 'release'])
    await fails(2, 'E_LOCKS', ['locks', 'release', `${keyPrefix}a`, '--observe', '0s'])
    await fails(2, 'E_PLAN_FILE', executeArgs(place, other))
    await fails(5, 'E_PLAN_ALTERED', executeArgs(place, altered))
    await fails(5, 'E_PLAN_STALE', executeArgs(place, file, '--redis-url', `${place.addresses.redisUrl}/0`))
    await fails(2, 'E_CONFIRM', ['locks', 'release', '--execute', file, '--reason', 'x'])
    await fails(2, 'E_SCAN_FILE', ['locks', 'release', '--scan', file])
    assert.equal(await redis.exists(`${keyPrefix}a`), 1)
  }),
)

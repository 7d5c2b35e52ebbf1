import assert from 'node:assert/strict'
import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {test} from 'node:test'

import type {LockScan} from '../../../src/domain/locks/scan/collect-locks.js'
import type {LockRecord} from '../../../src/domain/locks/recognition/lock-record.js'
import type {LockReleaseAnswer} from '../../../src/commands/locks/release.js'
import {askCli, parseDocument, requireFailure, runCli, startCli} from '../../support/shells/cli.js'
import {deleteAll, type Holding, redissonProgram} from '../../support/fleets/held-locks.js'
import {holdUntilEnd} from '../../support/fleets/hold-until-end.js'
import {closeFirst, live, until} from '../../support/servers/live.js'
import {nodeProgram} from '../../support/fleets/programs.js'

const redisson = redissonProgram({many: 500})
const TOKEN = 'a3'.repeat(16)

test(
  'after kill -9 of the holders of 1,000 of 2,000 renewed locks, a scan reports exactly these, and a release deletes exactly these',
  {skip: redisson === null ? 'the libraries cannot be installed here' : false},
  live(async (t, place) => {
    assert.ok(redisson)
    const {folder, keyPrefix, redis} = place
    const plain = nodeProgram('many.mjs')
    const holdings: Holding[] = []
    for (const program of [redisson, plain, redisson, plain]) holdings.push(await holdUntilEnd(t, place, program))
    const [killed, active] = [holdings.slice(0, 2), holdings.slice(2)]
    const keysOf = (some: readonly Holding[]): string[] => some.flatMap(({held}) => held.map(({key}) => key)).toSorted()
    assert.deepEqual([keysOf(killed).length, keysOf(active).length], [1000, 1000])
    const [seen, file] = [join(folder, 'seen'), join(folder, 'scan.ndjson')]
    const scan = async (...more: string[]): Promise<LockRecord[]> => {
      const args = [
        'locks',
        'scan',
        '--pattern',
        `${keyPrefix}*`,
        '--assume-locks',
        '--first-seen',
        seen,
        '--output',
        'ndjson',
      ]
      const run = await runCli([...args, ...more])
      await writeFile(file, run.stdout)
      return run.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as LockRecord)
    }
    const before = await scan('--observe', '12s')
    assert.deepEqual([before.length, new Set(before.map(({renewal}) => renewal))], [2000, new Set(['renewed'])])

    await Promise.all(killed.map((holding) => holding.close()))
    const expected = keysOf(killed)
    await until('two missed renewals of each', async () => {
      const reported = (await scan()).filter(({verdict}) => verdict === 'not-renewed').map(({key}) => key)
      assert.ok(
        reported.every((key) => expected.includes(key)),
        'the lock of an active holder is reported',
      )
      return reported.length === expected.length
    })
    const plan = join(folder, 'plan.json')
    await askCli(['locks', 'release', '--scan', file, '-o', plan])
    const audit = join(folder, 'audit.ndjson')
    const how = ['--reason', 'killed', '--yes', '--rate', '2000', '--audit-log', audit]
    const {executed} = await askCli<LockReleaseAnswer>(['locks', 'release', '--execute', plan, ...how])
    t.diagnostic(JSON.stringify(executed?.summary))
    assert.equal((executed?.summary.released ?? 0) + (executed?.summary.ended ?? 0), executed?.releases.length)
    await until('the end of the other locks of killed holders', async () => (await redis.exists(...expected)) === 0)
    assert.equal(await redis.exists(...keysOf(active)), 1000)
  }),
)

test(
  'with --first-seen, hold times grow from run to run and the file is replaced atomically',
  live(async (t, {folder, keyPrefix, redis}) => {
    closeFirst(t, () => deleteAll(redis, keyPrefix))
    const file = join(folder, 'first-seen')
    const scan = async (...more: string[]): Promise<LockScan> =>
      askCli<LockScan>(['locks', 'scan', '--pattern', `${keyPrefix}*`, '--assume-locks', '--first-seen', file, ...more])
    await redis.set(`${keyPrefix}stays`, TOKEN)
    await redis.set(`${keyPrefix}goes`, TOKEN, 'PX', 60_000)
    assert.deepEqual(
      (await scan()).locks.map(({renewal}) => renewal),
      [null, null],
    )
    const text = await readFile(file, 'utf8')
    assert.ok(!text.includes(keyPrefix) && !text.includes(TOKEN), 'neither key nor token can be read in it')
    assert.equal(text.trimEnd().split('\n').length, 3)
    // As if an earlier run had seen the locks an hour ago.
    await writeFile(
      file,
      text.replaceAll(
        / (\d{13}) (\d{13}) /g,
        (_, first: string, last: string) => ` ${String(Number(first) - 3_600_000)} ${last} `,
      ),
    )
    await redis.del(`${keyPrefix}goes`)
    const {locks} = await scan()
    assert.deepEqual(
      locks.map(({heldSource, verdicts}) => [heldSource, verdicts]),
      [['first-seen', ['no-ttl', 'held-too-long']]],
    )
    assert.ok((locks[0]?.heldAtLeastMs ?? 0) >= 3_600_000)
    assert.equal(
      (await readFile(file, 'utf8')).trimEnd().split('\n').length,
      2,
      'a deleted lock is removed from the file',
    )
    await writeFile(file, 'something else\n')
    await requireFailure({
      exit: 2,
      code: 'E_FIRST_SEEN',
      says: /does not start with keyshift.first-seen/,
      args: ['locks', 'scan', '--pattern', `${keyPrefix}*`, '--assume-locks', '--first-seen', file],
    })
    assert.equal(await readFile(file, 'utf8'), 'something else\n', 'a file of another program is not changed')
    await requireFailure({
      exit: 2,
      code: 'E_FIRST_SEEN',
      says: /ENOENT/,
      args: ['locks', 'scan', '--pattern', `${keyPrefix}*`, '--first-seen', join(folder, 'missing', 'first-seen')],
    })
  }),
)

test(
  'Ctrl-C before the second sample ends the scan at once and keeps the samples of earlier runs',
  live(async (t, {addresses, folder, keyPrefix, redis}) => {
    closeFirst(t, () => deleteAll(redis, keyPrefix))
    const file = join(folder, 'first-seen')
    await redis.set(`${keyPrefix}a`, TOKEN, 'PX', 60_000)
    // A user of its own distinguishes the connection of this scan from those of other tests.
    const user = keyPrefix.replaceAll(':', '')
    await redis.call('ACL', 'SETUSER', user, 'on', '>secret', '~*', '+@all')
    closeFirst(t, async () => {
      await redis.call('ACL', 'DELUSER', user)
    })
    const url = new URL(addresses.redisUrl)
    url.username = user
    url.password = 'secret'
    const scan = ['locks', 'scan', '--pattern', `${keyPrefix}*`, '--assume-locks', '--first-seen', file, '--json']
    await askCli<LockScan>(scan)
    const before = await readFile(file, 'utf8')
    const {child, finished} = startCli([...scan, '--observe', '10m', '--redis-url', url.href])
    closeFirst(t, async () => {
      child.kill('SIGKILL') // after a failed test it would wait for its second sample
      await finished
    })
    const isScanning = async (): Promise<boolean> =>
      String(await redis.call('CLIENT', 'LIST'))
        .split('\n')
        .some((line) => line.includes(`user=${user} `) && / cmd=(?:eval_ro|get) /.test(line))
    await until('the first sample', isScanning)
    child.kill('SIGINT')
    const run = await finished
    assert.equal(run.code, 130, run.stdout)
    assert.equal(parseDocument(run.stdout).error.code, 'E_INTERRUPTED')
    assert.equal(await readFile(file, 'utf8'), before)
  }),
)

test(
  'lines are printed for all locks, --family selects the locks that may be of one family, and --fail-on applies to its level and above',
  live(async (t, {keyPrefix, redis}) => {
    closeFirst(t, () => deleteAll(redis, keyPrefix))
    const scan = ['locks', 'scan', '--pattern', `${keyPrefix}*`, '--assume-locks']
    for (let at = 0; at < 2500; at++) await redis.set(`${keyPrefix}${String(at)}`, TOKEN, 'PX', 60_000)
    await redis.set(`${keyPrefix}with,comma "and" quotes`, '1', 'PX', 60_000)
    const csv = (await runCli([...scan, '--output', 'csv', '--max', '1'])).stdout.trimEnd().split('\n')
    assert.equal(csv.length, 2502)
    assert.match(csv[0] ?? '', /^verdict,key,family,token/)
    assert.equal(csv.filter((line) => line.includes('"" quotes",')).length, 1)
    const one = parseDocument<LockScan>((await runCli([...scan, '--family', 'dramatiq', '--output', 'json'])).stdout)
    assert.deepEqual(one.result.summary.families, {'string lock': 1})
    assert.equal(one.result.locks[0]?.verdict, 'constant-token')
    assert.equal((await runCli([...scan, '--fail-on', 'warn'])).code, 0)
    assert.equal((await runCli([...scan, '--fail-on', 'info'])).code, 10)
    await requireFailure({
      exit: 2,
      code: 'E_LOCK_FAMILY',
      says: /known are .*redisson/,
      args: [...scan, '--family', 'redison'],
    })
    const both = await runCli([...scan, '--json', '--output', 'csv'])
    assert.equal(both.code, 2)
    assert.equal(parseDocument(both.stdout).error.code, 'E_OUTPUT_JSON')
  }),
)

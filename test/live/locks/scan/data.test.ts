import assert from 'node:assert/strict'
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {test} from 'node:test'

import type {LockReleaseAnswer} from '../../../../src/commands/locks/release.js'
import {askCli, runCli} from '../../../support/shells/cli.js'
import {temporaryFolder} from '../../../support/shells/folder.js'
import {startRedis, type SpareRedis} from '../../../support/servers/redis-servers.js'
import {DATA_SHAPES} from './data-shapes.js'
import type {Stored} from '../../../support/reports/lock-shapes.js'

const UUID = '6f0e1c52-0d3b-4a53-9d6f-3e1f6f0a9b11'

for (const pattern of [[], ['--pattern', '*lock*'], ['--pattern', '*:*']]) {
  test(`no data is in the plan for the locks of locks scan ${pattern.join(' ')}`, async (t) => {
    const redis = await startRedis(t)
    const folder = await temporaryFolder(t)
    for (const {key, stored} of DATA_SHAPES) await store(redis, key, stored)
    assert.ok(DATA_SHAPES.length >= 60)
    assert.equal(Number(await redis.call('DBSIZE')), DATA_SHAPES.length, 'every key has a name of its own')
    await redis.call('HSET', 'lock:order:7', `${UUID}:31`, 1)
    const file = join(folder, 'scan.ndjson')
    const scan = await runCli(['locks', 'scan', '--redis-url', redis.url, ...pattern, '--output', 'ndjson'])
    await writeFile(file, scan.stdout)
    const args = ['--scan', file, '--max-hold', '1ms', '--redis-url', redis.url]
    const {plan, skipped} = await askCli<LockReleaseAnswer>(['locks', 'release', ...args])
    const reported = scan.stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as {key: string}).key)
    t.diagnostic(`${String(DATA_SHAPES.length)} keys of data: ${String(reported.length - 1)} reported as locks`)
    assert.deepEqual(reported, ['lock:order:7'], 'the only lock')
    const planned = [...plan.releases.map(({lock}) => lock.key), ...skipped.map(({key}) => key)]
    assert.deepEqual(planned, ['lock:order:7'])
  })
}

async function store(redis: SpareRedis, key: string, stored: Stored): Promise<void> {
  if ('string' in stored) await redis.call('SET', key, stored.string)
  else if ('hash' in stored) await redis.call('HSET', key, ...Object.entries(stored.hash).flat())
  else if ('list' in stored) await redis.call('RPUSH', key, ...stored.list)
  else if ('set' in stored) await redis.call('SADD', key, ...stored.set)
  else await redis.call('ZADD', key, ...Object.entries(stored.zset).flatMap(([member, score]) => [score, member]))
}

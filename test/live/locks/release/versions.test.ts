import assert from 'node:assert/strict'
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {test} from 'node:test'

import type {LockReleaseAnswer} from '../../../../src/commands/locks/release.js'
import type {LockInspection} from '../../../../src/domain/locks/inspect/collect-lock.js'
import type {LockRecord} from '../../../../src/domain/locks/recognition/lock-record.js'
import {uuid1} from '../../../support/fleets/held-locks.js'
import {PACKED_SERVER_NAMES, packedServer} from '../../../support/fleets/programs.js'
import {until} from '../../../support/servers/live.js'
import {startRedisVersion} from '../../../support/servers/redis-servers.js'
import {askCli, runCli} from '../../../support/shells/cli.js'
import {temporaryFolder} from '../../../support/shells/folder.js'

const UUID = '6f0e1c52-0d3b-4a53-9d6f-3e1f6f0a9b11'
const HOUR_MS = 3_600_000

for (const name of PACKED_SERVER_NAMES) {
  const server = packedServer(name)
  test(
    `${name}: a scan, an inspection, and releases by a script, by a transaction and after a watch`,
    {skip: server === null ? 'it cannot be installed here' : false},
    async (t) => {
      assert.ok(server)
      const folder = await temporaryFolder(t)
      const redis = await startRedisVersion(t, server)
      const at = ['--redis-url', redis.url]
      await redis.call('HSET', 'lock:redisson', `${UUID}:31`, '1')
      await redis.call('PEXPIRE', 'lock:redisson', 600_000)
      await redis.call('SET', 'lock:old', uuid1(Date.now() - HOUR_MS))
      await redis.call('SET', 'lock:host', 'worker-3')
      await redis.call('SET', 'lock:short', 'a3'.repeat(16), 'PX', 600_000)

      const scan = await runCli(['locks', 'scan', '--observe', '1s', '--output', 'ndjson', ...at])
      assert.equal(scan.code, 0, scan.stderr)
      const locks = scan.stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as LockRecord]))
      assert.deepEqual(locks.map(({key, verdict}) => [key, verdict]).toSorted(), [
        ['lock:host', 'no-ttl'],
        ['lock:old', 'no-ttl'],
        ['lock:redisson', 'healthy'],
        ['lock:short', 'healthy'],
      ])
      const inspection = await askCli<LockInspection>(['locks', 'inspect', 'lock:redisson', ...at])
      assert.equal(inspection.lock.family, 'redisson')

      const release = async (what: readonly string[], ...how: string[]): Promise<Record<string, string>> => {
        const plan = join(folder, 'plan.json')
        await askCli(['locks', 'release', ...what, '-o', plan, ...at])
        const log = ['--audit-log', join(folder, 'audit.ndjson')]
        const execute = ['locks', 'release', '--execute', plan, '--reason', 'a test', '--yes', ...log]
        const {executed} = await askCli<LockReleaseAnswer>([...execute, ...how, ...at])
        return Object.fromEntries(executed?.releases.map(({key, result}) => [key, result]) ?? [])
      }
      const file = join(folder, 'scan.ndjson')
      await writeFile(file, scan.stdout)
      assert.deepEqual(await release(['--scan', file, '--grace', '1h']), {'lock:old': 'released'})
      assert.ok(Number(await redis.call('PTTL', 'lock:old')) > 0)
      const watch = ['--max-hold', '1s', '--observe', '1s', '--hard']
      assert.deepEqual(await release(['lock:host', ...watch]), {'lock:host': 'released'})
      assert.deepEqual(await release(['lock:redisson', '--hard']), {'lock:redisson': 'released'})
      assert.deepEqual(await release(['lock:short', '--hard'], '--avoid-scripts'), {'lock:short': 'released'})
      // The signal for waiters of python-redis-lock, which the lock may be of, expires on its own.
      await until('only one key', async () => String(await redis.call('KEYS', '*')) === 'lock:old')
    },
  )
}

import assert from 'node:assert/strict'
import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {test} from 'node:test'

import type {LockScan} from '../../../src/domain/locks/scan/collect-locks.js'
import type {LockInspection} from '../../../src/domain/locks/inspect/collect-lock.js'
import {askCli, requireFailure} from '../../support/shells/cli.js'
import {live} from '../../support/servers/live.js'
import {ROOT} from '../../support/root.js'

/** The example of docs/LOCKS.md. */
async function exampleOfTheManual(): Promise<string> {
  const manual = await readFile(join(ROOT, 'docs', 'LOCKS.md'), 'utf8')
  return /```json\n(?<text>.*?)```/s.exec(manual)?.groups?.['text'] ?? ''
}

test(
  'a lock in the format of the manual is found with its holder, released, and its waiters are notified',
  live(async (_t, {folder, keyPrefix, redis}) => {
    const file = join(folder, 'families.json')
    const text = (await exampleOfTheManual()).replaceAll('acme:', `${keyPrefix}acme:`)
    await writeFile(file, text)
    const key = `${keyPrefix}acme:lock:nightly`
    const listener = redis.duplicate()
    listener.on('error', () => undefined)
    await listener.connect()
    const heard: string[] = []
    listener.on('message', (channel, message) => heard.push(`${channel} ${message}`))
    await listener.subscribe(`${keyPrefix}acme:freed:nightly`)
    try {
      await redis.set(key, 'worker-3/4711', 'PX', 60_000)
      const scan = await askCli<LockScan>(['locks', 'scan', '--pattern', `${keyPrefix}*`, '--families', file])
      assert.deepEqual(
        scan.locks.map(({family, holder}) => [family, holder?.host, holder?.pid]),
        [['acme', 'worker-3', 4711]],
      )
      const {format, waiters} = await askCli<LockInspection>(['locks', 'inspect', key, '--families', file])
      assert.deepEqual([format, waiters.subscribers], ["Acme's job locks", 1])
      const plan = join(folder, 'plan.json')
      await askCli(['locks', 'release', key, '--families', file, '--hard', '-o', plan])
      const log = ['--audit-log', join(folder, 'audit.ndjson')]
      await askCli(['locks', 'release', '--execute', plan, '--reason', 'a test', '--yes', ...log])
      assert.equal(await redis.exists(key), 0)
      assert.deepEqual(heard, [`${keyPrefix}acme:freed:nightly freed`])
    } finally {
      listener.disconnect()
      await redis.del(key)
    }
  }),
)

test(
  'an invalid file of families is refused with the reason',
  live(async (_t, {folder}) => {
    const [family] = JSON.parse(await exampleOfTheManual()) as [Record<string, unknown>]
    const [form] = family['forms'] as [Record<string, unknown>]
    const cases: ReadonlyArray<readonly [content: string, says: RegExp]> = [
      ['[{', /JSON/],
      [JSON.stringify(family), /must be array/],
      [JSON.stringify([{...family, lease: undefined}]), /families\/0 must have required property 'lease'/],
      [JSON.stringify([{...family, color: 'red'}]), /must NOT have additional properties/],
      [JSON.stringify([{...family, forms: [{...form, type: 'stream'}]}]), /must be equal to one of the allowed values/],
      [JSON.stringify([{...family, forms: [{...form, token: '('}]}]), /acme.*Unterminated group/],
      [JSON.stringify([{...family, forms: [{...form, key: 'acme:lock:.+'}]}]), /no form's key has a group job/],
      [JSON.stringify([{...family, name: 'redisson'}]), /redisson.*another family has the same name/],
    ]
    const file = join(folder, 'families.json')
    const args = ['locks', 'scan', '--families', file]
    await requireFailure({args, exit: 2, code: 'E_LOCK_FAMILIES', says: /ENOENT/})
    for (const [content, says] of cases) {
      await writeFile(file, content)
      await requireFailure({args, exit: 2, code: 'E_LOCK_FAMILIES', says})
    }
  }),
)

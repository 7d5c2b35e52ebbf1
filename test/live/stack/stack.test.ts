import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {existsSync} from 'node:fs'
import {join} from 'node:path'
import {test} from 'node:test'

import {PulsarAdmin} from '../../../src/clients/pulsar-admin/admin.js'
import {WebSocketTransport} from '../../../src/clients/pulsar-messages/websocket.js'
import type {KeyRanges} from '../../../src/domain/keys/ranges/range-report.js'
import {parseTopicName} from '../../../src/topic-name.js'
import {askCli} from '../../support/shells/cli.js'
import {until} from '../../support/servers/live.js'
import {ROOT} from '../../support/root.js'

const WHICH = ['--config', 'auto-split']
const ID = '4.2.4-auto-split'

interface Context {
  adminUrl: string
  webSocketUrl: string
}

interface Status {
  stacks: Array<{id: string; state: string; processes: Array<{name: string; pid: number}>}>
}

async function stack(...args: string[]): Promise<{code: number; stdout: string; stderr: string}> {
  const child = spawn(process.execPath, [join(ROOT, 'stack', 'cli.mjs'), ...args], {stdio: ['ignore', 'pipe', 'pipe']})
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number]
  return {code, stdout, stderr}
}

async function up(): Promise<Context> {
  const {code, stderr, stdout} = await stack('up', ...WHICH, '--json')
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout) as Context
}

async function state(): Promise<Status['stacks'][number] | undefined> {
  return (JSON.parse((await stack('status', '--json')).stdout) as Status).stacks.find(({id}) => id === ID)
}

test('a second stack starts alongside the first, is repaired after its broker was killed, and leaves nothing behind', async () => {
  try {
    const first = await up()
    assert.deepEqual(await up(), first, 'up again finds it running')
    const before = await state()
    assert.equal(before?.state, 'running')
    await requireAutoSplit(first)

    const broker = before.processes.find(({name}) => name === 'broker')
    assert.ok(broker)
    process.kill(broker.pid, 'SIGKILL')
    await until('the stack being seen as crashed', async () => (await state())?.state === 'crashed')
    const repaired = await up()
    assert.equal((await fetch(`${repaired.adminUrl}/admin/v2/brokers/health`)).status, 200)
    assert.notDeepEqual((await state())?.processes, before.processes)
  } finally {
    const pids = (await state())?.processes.map(({pid}) => pid) ?? []
    await stack('down', ...WHICH)
    assert.equal(existsSync(join(ROOT, '.stack', ID)), false)
    await until('the exit of every process', () => pids.every(isGone))
  }
})

function isGone(pid: number): boolean {
  try {
    return !process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

/** The variant of the stack takes effect: the broker splits ranges, and keyshift detects it from the statistics. */
async function requireAutoSplit({adminUrl, webSocketUrl}: Context): Promise<void> {
  const topic = parseTopicName('split')
  const admin = new PulsarAdmin({url: adminUrl})
  const transport = new WebSocketTransport({url: webSocketUrl})
  try {
    await admin.createTopic(topic)
    for (const name of ['a', 'b', 'c']) {
      const options = {topic, subscription: 's', type: 'Key_Shared', name, receiverQueueSize: 5} as const
      await transport.consume({...options, onMessage: () => undefined})
    }
    const {partitions} = await askCli<KeyRanges>(['keys', 'ranges', topic.full, 's', '--admin-url', adminUrl])
    assert.equal(partitions[0]?.selector, 'auto-split')
    assert.deepEqual(partitions[0].slotSpace, {start: 1, end: 65_535})
    assert.deepEqual(partitions[0].coverage, {missing: [], overlapping: []})
    assert.equal(
      partitions[0].consumers.reduce((sum, {slots}) => sum + (slots ?? 0), 0),
      65_535,
    )
  } finally {
    await Promise.all([transport.close(), admin.close()])
  }
}

test('invalid arguments of the stack: exit 2, with the allowed values', async () => {
  const {code, stderr, stdout} = await stack('up', '--pulsar', '1.0.0')
  assert.equal(code, 2)
  assert.equal(stdout, '')
  for (const version of ['4.2.4', '4.0.7', '3.0.7']) assert.match(stderr, new RegExp(version.replaceAll('.', '\\.')))
})

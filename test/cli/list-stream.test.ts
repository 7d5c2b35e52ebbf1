import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import type {ServerResponse} from 'node:http'
import {createInterface} from 'node:readline'
import {test, type TestContext} from 'node:test'

import type {SubscriptionList, SubscriptionRow} from '../../src/domain/subscriptions/list/subscription-row.js'
import {
  type CopyServer,
  namespaceText,
  ROWS_IN_NAMESPACE,
  serveCopy,
  writeNamespaces,
} from '../support/servers/broker-stats.js'
import {askCli, BIN, parseDocument, runCli} from '../support/shells/cli.js'
import {peakMiB} from '../support/shells/peak-memory.js'

const LARGE = 60_000_000
const MOST_MIB = 200

async function copyBroker(t: TestContext, ...args: Parameters<typeof serveCopy>): Promise<CopyServer> {
  const server = await serveCopy(...args)
  t.after(() => {
    server.close()
  })
  return server
}

interface Lines {
  /** The first row that matches, as soon as it is printed. */
  readonly row: (fits: (row: SubscriptionRow) => boolean) => Promise<SubscriptionRow>
  /** all lines, once the command has exited */
  readonly all: Promise<{lines: string[]; code: number | null; peak: number}>
}

/** Starts a list with one row per line. */
function listLines(t: TestContext, url: string, ...args: readonly string[]): Lines {
  const command = [BIN, 'subscriptions', 'list', '--admin-url', url, '--output', 'ndjson', ...args]
  const child = spawn(process.execPath, command, {stdio: ['ignore', 'pipe', 'inherit']})
  t.after(() => child.kill('SIGKILL'))
  const reader = createInterface(child.stdout)
  const lines: string[] = []
  let peak = 0
  reader.on('line', (line) => {
    if (lines.push(line) % 50 === 0) peak = Math.max(peak, peakMiB(child.pid))
  })
  return {
    row: (fits) =>
      new Promise((resolve) => {
        reader.on('line', (line) => {
          const row = JSON.parse(line) as SubscriptionRow
          if (fits(row)) resolve(row)
        })
      }),
    all: once(child, 'close').then(([code]) => ({lines, code: code as number | null, peak})),
  }
}

test('a list of a large cluster needs little memory, and prints its first row before the answer ends', async (t) => {
  let sent = 0
  const {promise: rowSeen, resolve: release} = Promise.withResolvers<undefined>()
  const {url} = await copyBroker(t, async (response) => {
    response.write('{')
    sent = await writeNamespaces(response, LARGE)
    await rowSeen // the end is sent only after the first row was printed
    response.end(`,${namespaceText(sent)}}`)
  })
  const {all, row} = listLines(t, url, '--max', '1000000')
  const {consumers, topic, type} = await row(() => true)
  assert.deepEqual([topic, type, consumers], ['persistent://tenant-0/ns-0/topic-0', 'Shared', 4])
  release(undefined)
  const {code, lines, peak} = await all
  assert.equal(code, 0)
  assert.equal(lines.length, (sent + 1) * ROWS_IN_NAMESPACE)
  assert.ok(peak > 0 && peak <= MOST_MIB, `peak memory ${String(peak)} MiB`)
  const partitioned = lines
    .map((line) => JSON.parse(line) as SubscriptionRow)
    .filter(({partitions}) => partitions !== null)
  assert.equal(partitioned.length, ((sent + 1) * ROWS_IN_NAMESPACE) / 2)
  assert.ok(
    partitioned.every(
      ({backlogEntries, consumers, partitions}) => partitions === 4 && backlogEntries === 16 && consumers === 4,
    ),
  )
})

const ORDERS = 'persistent://a/orders/t'

/** Each broker has one partition of a topic, and another namespace after it. */
function half(index: number, behind: string): string {
  const stats = '{"subscriptions":{"decision":{"msgBacklog":7}}}'
  return `{"a/orders":{"all":{"persistent":{"${ORDERS}-partition-${String(index)}":${stats}}}},"a/${behind}":{"all":{"persistent":{"persistent://a/${behind}/t":${stats}`
}

test("a topic's row is printed when the last broker that is still answering has passed its namespace", async (t) => {
  const held: ServerResponse[] = []
  const other = await copyBroker(t, (response) => void response.end(`${half(0, 'other')}}}}}`))
  const {address, url} = await copyBroker(
    t,
    (response) => {
      held.push(response)
      response.write(half(1, 'first'))
    },
    () => [other.address, address],
  )
  const {all, row} = listLines(t, url)
  await row(({topic}) => topic === 'persistent://a/other/t') // a row of a plain topic is printed at once
  const orders = row(({topic}) => topic === ORDERS)
  // The start of another namespace shows that this one is complete; this broker continues its answer.
  held[0]?.write('}}},"a/second":{"all":{"persistent":{"persistent://a/second/t":{}')
  // The end of the other broker's answer may be noticed after its row is printed.
  const going = setInterval(() => held[0]?.write(' '), 20)
  const {backlogEntries, partitions} = await orders
  clearInterval(going)
  assert.deepEqual([partitions, backlogEntries], [2, 14])
  held[0]?.end('}}}}')
  const {code, lines} = await all
  assert.equal(code, 0)
  assert.equal(lines.length, 3)
})

test('an answer that is cut off is not used: the broker is named, with the cause', async (t) => {
  const whole = await copyBroker(t, (response) => void response.end(`{${namespaceText(0)}}`))
  for (const [cause, end] of [
    [/connection closed by the server/, (response: ServerResponse) => response.destroy()],
    [/cut off or not JSON/, (response: ServerResponse) => response.end()],
  ] as const) {
    const broken = await copyBroker(
      t,
      (response) => {
        response.write(`{${namespaceText(1)},"a/b":{`, () => end(response))
      },
      () => [whole.address, broken.address],
    )
    const args = ['subscriptions', 'list', '--admin-url', broken.url]
    const list = await askCli<SubscriptionList>(args)
    assert.equal(list.complete, false)
    assert.deepEqual(
      list.failedBrokers.map(({broker}) => broker),
      [broken.address],
    )
    assert.match(list.failedBrokers[0]?.cause ?? '', cause)
    const lines = await runCli([...args, '--output', 'ndjson'])
    assert.equal(lines.code, 0)
    assert.match(lines.stderr, /the list is incomplete/)
    const strict = await runCli([...args, '--strict', '--json'])
    assert.deepEqual([strict.code, parseDocument(strict.stdout).error.code], [4, 'E_INCOMPLETE'])
  }
})

test('the list ends when its reader exits, although the broker is still answering', async (t) => {
  const {url} = await copyBroker(t, async (response) => {
    response.write('{')
    await writeNamespaces(response, Infinity)
  })
  const command = `"${process.execPath}" "${BIN}" subscriptions list --max 1000000 --admin-url ${url} --output ndjson`
  const child = spawn('bash', ['-c', `set -o pipefail; ${command} | head -n 1`], {stdio: ['ignore', 'pipe', 'pipe']})
  const chunks: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  assert.equal(code, 0)
  assert.equal((JSON.parse(chunks.join('')) as SubscriptionRow).subscription, 'decision')
})

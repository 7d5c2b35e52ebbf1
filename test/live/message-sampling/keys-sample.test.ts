import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {KeySimulation} from '../../../src/domain/keys/simulation/simulation.js'
import type {KeySample} from '../../../src/domain/message-sampling/sample-report.js'
import {askCli, runCli, startCli} from '../../support/shells/cli.js'
import {runJava} from '../../support/fleets/java.js'
import {KeyedFleet} from '../../support/fleets/keyed-fleet.js'
import {createTopic, live, type Place, publishKeys, until, userKeys} from '../../support/servers/live.js'
import {untilUnchanged} from '../../support/faults/topic-state.js'

/** The report of the seeded producers about their messages, see test/java/README.md. */
interface Truth {
  messages: number
  entries: number
  keyless: number
  orderingKeys: number
  chunkedMessages: number
  chunkEntries: number
  batches: number
  mixedBatches: {count: number; positions: string[]}
  byProducer: Record<
    string,
    {
      messages: number
      entries: number
      keyless: number
      orderingKeys: number
      mixedBatches: number
      chunkedMessages: number
    }
  >
}

const MESSAGES = 200_000

async function seed(place: Place, messages: number, compression: string): Promise<{args: string[]; truth: Truth}> {
  const topic = await createTopic(place, {name: 'seeded', subscription: 'decision'})
  const args = [place.addresses.serviceUrl, topic.full, '--messages', String(messages), '--compression', compression]
  const truth = JSON.parse(await runJava('SeededProducers.java', args)) as Truth
  return {
    truth,
    args: ['keys', 'sample', topic.full, 'decision', '--max', '1000000', '--time-limit', '5m', '--where', 'head'],
  }
}

test(
  `every seeded fault in ${String(MESSAGES)} messages is found, without false findings, and reading changes nothing`,
  live(async (t, place) => {
    const {args, truth} = await seed(place, MESSAGES, 'ALL')
    const base = `/persistent/${place.namespace}/seeded`
    const world = await untilUnchanged(place, [
      `${base}/stats`,
      `${base}/internalStats`,
      `/persistent/${place.namespace}`,
    ])
    const before = await world()
    const startedAt = Date.now()
    const sample = await askCli<KeySample>([...args, '--source', 'rest'])
    t.diagnostic(`${String(sample.entries)} entries by REST in ${String(Date.now() - startedAt)} ms`)
    assert.deepEqual(await world(), before)

    // The broker cannot return single chunks of a compressed message; they are counted as unreadable.
    const [plain, packed] = partChunks(truth)
    assert.equal(sample.unreadableEntries, packed.entries)
    assert.equal(sample.entries, truth.entries - packed.entries)
    assert.equal(sample.messages, truth.messages - packed.messages)
    assert.deepEqual([sample.chunkedMessages, sample.chunkEntries], [plain.messages, plain.entries])
    assert.equal(sample.keylessMessages, truth.keyless)
    assert.equal(sample.orderingKeyMessages, truth.orderingKeys)
    assert.equal(sample.batches, truth.batches)
    assert.equal(sample.mixedBatches.count, truth.mixedBatches.count)
    const positions = new Set(truth.mixedBatches.positions)
    for (const {position} of sample.mixedBatches.first) assert.ok(positions.has(`-1:${position}`), position)
    assert.deepEqual(ofProducers(sample), expectedProducers(truth))

    const read = await askCli<KeySample>([...args, '--source', 'websocket'])
    assert.equal(read.complete, true)
    assert.deepEqual(
      [read.messages, read.keylessMessages, read.batches, read.mixedBatches.count, read.chunkedMessages],
      [truth.messages, truth.keyless, truth.batches, truth.mixedBatches.count, truth.chunkedMessages],
    )
    assert.equal(read.orderingKeyMessages, null)
  }),
)

interface Counted {
  messages: number
  entries: number
}

/** Chunked messages of the producer without compression, and of those with compression. */
function partChunks({byProducer}: Truth): [Counted, Counted] {
  const sums: [Counted, Counted] = [
    {messages: 0, entries: 0},
    {messages: 0, entries: 0},
  ]
  for (const [name, {entries, messages}] of Object.entries(byProducer)) {
    if (!name.startsWith('chunked-')) continue
    const sum = sums[name === 'chunked-none' ? 0 : 1]
    sum.messages += messages
    sum.entries += entries
  }
  return sums
}

function ofProducers({producers}: KeySample): Array<Array<number | string | null>> {
  return producers
    .map(({entries, keylessMessages, messages, mixedBatches, name, orderingKeyMessages}) => [
      name,
      messages,
      entries,
      keylessMessages,
      orderingKeyMessages,
      mixedBatches,
    ]) // prettier-ignore
    .toSorted()
}

function expectedProducers({byProducer}: Truth): Array<Array<number | string | null>> {
  return Object.entries(byProducer)
    .filter(([name]) => !name.startsWith('chunked-') || name === 'chunked-none')
    .map(([name, {entries, keyless, messages, mixedBatches, orderingKeys}]) => [
      name,
      messages,
      entries,
      keyless,
      orderingKeys,
      mixedBatches,
    ]) // prettier-ignore
    .toSorted()
}

test(
  'acknowledged entries are omitted, and --max takes the chosen part of the backlog',
  live(async (_t, place) => {
    const topic = await createTopic(place, {partitions: 2, subscription: 'decision'})
    await publishKeys(place, topic, Array.from({length: 6}, () => userKeys(10)).flat())
    for (const source of ['rest', 'websocket']) {
      const args = ['keys', 'sample', topic.full, 'decision', '--source', source]
      const whole = await askCli<KeySample>(args)
      assert.deepEqual([whole.messages, whole.backlogEntries, whole.complete, whole.stoppedBy], [60, 60, true, 'end'])
      assert.deepEqual(whole.distinctKeys, {count: 10, isExact: true})
      assert.deepEqual(
        whole.topKeys.map(({messages}) => messages),
        new Array(10).fill(6),
      )
      const some = await askCli<KeySample>([...args, '--max', '7', '--where', 'tail', '--top', '1'])
      assert.deepEqual([some.entries, some.stoppedBy, some.topKeys.length], [7, 'max', 1])
    }
    await (await KeyedFleet.start(place, topic, ['keyed-0'])).drained()
    const empty = await askCli<KeySample>(['keys', 'sample', topic.full, 'decision'])
    assert.deepEqual([empty.backlogEntries, empty.entries, empty.messages, empty.complete], [0, 0, 0, true])
    assert.equal((await runCli(['keys', 'sample', topic.full, 'decision'])).code, 0)
  }),
)

test(
  'an interrupted sample leaves no reader and does not move the cursor',
  live(async (_t, place) => {
    const topic = await createTopic(place, {subscription: 'decision'})
    const producer = await place.transport.produce(topic)
    for (let at = 0; at < 20_000; at += 1000) {
      const sending = Array.from({length: 1000}, (_, more) =>
        producer.send({key: `user-${String(at + more)}`, payload: Buffer.alloc(200)}),
      )
      await Promise.all(sending)
    }
    const markDelete = async (): Promise<string | undefined> =>
      (await place.admin.internalStats(topic)).cursors?.['decision']?.markDeletePosition
    const before = await markDelete()
    const subscriptions = async (): Promise<string[]> =>
      Object.keys((await place.admin.topicStats(topic)).subscriptions ?? {})
    const args = ['keys', 'sample', topic.full, 'decision', '--source', 'websocket', '--max', '20000', '--json']
    const {child, finished} = startCli(args)
    await until('the reader to connect', async () => (await subscriptions()).length === 2)
    child.kill('SIGINT')
    assert.equal((await finished).stdout, '')
    await until('the reader to disconnect', async () => (await subscriptions()).join() === 'decision')
    assert.equal(await markDelete(), before)
  }),
)

test(
  'keys beyond Latin-1 are uncertain with REST and intact with a reader',
  live(async (_t, place) => {
    const topic = await createTopic(place, {subscription: 'decision'})
    const keys = ['plain', 'usér', '用户', 'a b', '']
    await publishKeys(place, topic, keys)
    const args = ['keys', 'sample', topic.full, 'decision', '--json']
    const rest = await runCli([...args, '--source', 'rest'])
    const document = JSON.parse(rest.stdout) as {result: KeySample; warnings: string[]}
    assert.equal(document.result.uncertainKeys, 3)
    assert.match(document.warnings.join(), /--source websocket/)
    assert.deepEqual(document.result.topKeys.map(({key}) => key).toSorted(), ['plain', 'usér'])
    const read = await askCli<KeySample>(['keys', 'sample', topic.full, 'decision', '--source', 'websocket'])
    assert.deepEqual(read.topKeys.map(({key}) => key).toSorted(), keys.toSorted())
    assert.equal(read.uncertainKeys, 0)
  }),
)

test(
  'shares are weighted by the keys in the backlog, and better names are found',
  live(async (_t, place) => {
    const topic = await createTopic(place, {subscription: 'decision'})
    // One key has half of the messages.
    await publishKeys(
      place,
      topic,
      userKeys(200).map((key, at) => (at % 2 === 0 ? 'whale' : key)),
    )
    const fleet = ['--consumers', '4', '--names-like', 'app-{0..N}']
    const args = ['keys', 'simulate', topic.full, 'decision', ...fleet, '--sample', '--search-names']
    const {partitions, proposals, sampledMessages} = await askCli<KeySimulation>(args)
    assert.equal(sampledMessages, 200)
    const shares = partitions[0]?.consumers.map(({after}) => after?.sampledShare ?? 0) ?? []
    assert.equal(shares.length, 4)
    assert.ok(Math.max(...shares) >= 0.5, String(shares))
    assert.ok(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-9)
    assert.equal(proposals?.names.length, 3)
    for (const {names, skew} of proposals.names) {
      assert.equal(names.length, 4)
      assert.ok(skew <= proposals.current.skew)
    }
  }),
)

import assert from 'node:assert/strict'
import {execFile} from 'node:child_process'
import {test} from 'node:test'
import {promisify} from 'node:util'

import type {KeyOwners} from '../../../src/domain/keys/owners/key-owners.js'
import type {Explanation} from '../../../src/domain/why/explain-key.js'
import type {KeyRanges} from '../../../src/domain/keys/ranges/range-report.js'
import {partitionOfKey} from '../../../src/domain/keys/hashing/partition-routing.js'
import {askCli, BIN, requireFailure, runCli} from '../../support/shells/cli.js'
import {KeyedFleet} from '../../support/fleets/keyed-fleet.js'
import {
  ask,
  connectAcking,
  createTopic,
  live,
  openWorkload,
  publishKeys,
  until,
  userKeys,
} from '../../support/servers/live.js'

const NAMES = ['keyed-0', 'keyed-1', 'keyed-2']
const KEYS = 10_000
const IN_FLIGHT = 500

for (const partitions of [0, 4]) {
  test(
    `each of 10,000 keys goes to the consumer that keys owner names, ${String(partitions)} partitions`,
    live(async (_t, place) => {
      const topic = await createTopic(place, {partitions})
      const fleet = await KeyedFleet.start(place, topic, NAMES)
      const keys = Array.from({length: KEYS}, (_, at) => `user ${String(at * 7919)} é`)
      const producer = await place.transport.produce(topic)
      for (let at = 0; at < keys.length; at += IN_FLIGHT) {
        const sending = keys.slice(at, at + IN_FLIGHT).map((key) => producer.send({key, payload: Buffer.from('x')}))
        await Promise.all(sending)
      }
      await until('every key arriving', () => fleet.received.size === keys.length)

      const lines = await runCli(['keys', 'owner', topic.full, 'decision', '--stdin'], {}, `${keys.join('\n')}\n`)
      assert.equal(lines.code, 0, lines.stderr)
      const [head, ...rows] = lines.stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split('\t'))
      assert.deepEqual(head?.slice(0, 4), ['key', 'partition', 'slot', 'consumer'])
      const named = rows.map(([key, partition, , consumer]) => [key, partition, consumer])
      const found = keys.map((key) => [
        key,
        partitions === 0 ? '' : String(partitionOfKey(key, partitions, 'JavaStringHash')),
        fleet.received.get(key),
      ])
      assert.deepEqual(named, found)

      const some = keys.slice(0, 300)
      const {owners, routing} = await askCli<KeyOwners>(['keys', 'owner', topic.full, 'decision', ...some])
      assert.deepEqual(
        owners.map(({consumer, key}) => [key, consumer?.name]),
        some.map((key) => [key, fleet.received.get(key)]),
      )
      // A header may have corrupted keys with a space, so these messages do not show the scheme.
      assert.equal(routing.source, partitions === 0 ? null : 'assumed')
      await requireFullCoverage(topic.full, partitions)
    }),
  )
}

async function requireFullCoverage(topic: string, partitions: number): Promise<void> {
  const ranges = await askCli<KeyRanges>(['keys', 'ranges', topic, 'decision'])
  assert.deepEqual(
    ranges.partitions.map(({partition}) => partition),
    partitions === 0 ? [null] : [0, 1, 2, 3],
  )
  assert.deepEqual(ranges.findings, [])
  for (const {consumers, coverage, selectorSource, slotSpace} of ranges.partitions) {
    assert.equal(selectorSource, 'configuration')
    assert.deepEqual(coverage, {missing: [], overlapping: []})
    assert.deepEqual(consumers.map(({name}) => name).toSorted(), NAMES)
    assert.ok(slotSpace)
    const slots = consumers.reduce((sum, consumer) => sum + (consumer.slots ?? 0), 0)
    assert.equal(slots, slotSpace.end - slotSpace.start + 1)
  }
}

test(
  'messages on the topic show the hashing scheme and contradict a wrong one',
  live(async (_t, place) => {
    const topic = await createTopic(place, {partitions: 4})
    await KeyedFleet.start(place, topic, ['keyed-0'])
    await publishKeys(place, topic, userKeys(40))
    const {routing} = await askCli<KeyOwners>(['keys', 'owner', topic.full, 'decision', 'user-1'])
    assert.deepEqual([routing.hashingScheme, routing.source], ['JavaStringHash', 'messages'])
    assert.ok(routing.messagesSeen >= 8)
    const wrong = await runCli([
      'keys', 'owner', topic.full, 'decision', 'user-1', '--hashing-scheme', 'Murmur3_32Hash',
    ]) // prettier-ignore
    assert.equal(wrong.code, 3)
    assert.match(wrong.stderr, /the producers do not use Murmur3_32Hash: \d+ messages on .* match JavaStringHash/)
  }),
)

test(
  'keys of bytes, empty keys and keys in the same slot have owners',
  live(async (_t, place) => {
    const topic = await createTopic(place)
    await KeyedFleet.start(place, topic, ['keyed-0'])
    const where = ['keys', 'owner', topic.full, 'decision']
    const {owners} = await askCli<KeyOwners>([...where, 'key-0', '', '--raw-key', 'base64:a2V5LTA='])
    const [text, empty, raw] = owners
    assert.deepEqual([raw?.key, raw?.slot], ['base64:a2V5LTA=', text?.slot])
    assert.deepEqual(raw?.sameSlot, ['key-0'])
    assert.ok(text && empty)
    assert.deepEqual(empty.sameSlot, [])
    const form = ['--stdin', '--output', 'ndjson']
    const lines = await runCli([...where, ...form], {}, 'key-0\r\n\nkey\t"0"\nkey-0')
    assert.equal(lines.code, 0, lines.stderr)
    const rows = lines.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    assert.deepEqual(
      rows.map(({key}) => key),
      ['key-0', '', 'key\t"0"', 'key-0'],
    )
    assert.deepEqual(rows.map(({slot}) => slot).slice(0, 2), [text.slot, empty.slot])
    const isCounted = rows.some(({earlierInSlot}) => earlierInSlot !== null)
    const {partitions} = await askCli<KeyRanges>(['keys', 'ranges', topic.full, 'decision'])
    assert.equal(isCounted, partitions[0]?.slotSpace?.end === 65_535)
    if (isCounted)
      assert.deepEqual(
        rows.map(({earlierInSlot}) => earlierInSlot),
        [0, 0, 0, 1],
      )
    const csv = await runCli([...where, '--stdin', '--output', 'csv'], {}, 'a"b,c\n')
    assert.match(csv.stdout, /^key,partition,.*\n"a""b,c",,\d+,keyed-0,/)
    const none = await runCli([...where, '--stdin'], {}, '')
    assert.equal(none.stdout.split('\n').length, 2, 'only the header line')
  }),
)

test(
  'a reader that closes the output ends the command without an error',
  live(async (_t, place) => {
    const topic = await createTopic(place)
    await KeyedFleet.start(place, topic, ['keyed-0'])
    const command = `${process.execPath} ${BIN} keys owner ${topic.full} decision --stdin`
    const pipe = `yes user-1 | ${command} | head -n 2; echo "ended with \${PIPESTATUS[1]}"`
    const {stderr, stdout} = await promisify(execFile)('bash', ['-c', pipe])
    assert.equal(stderr, '')
    assert.match(stdout, /^key\tpartition.*\nuser-1\t.*\nended with 0\n$/)
  }),
)

test(
  'invalid input is refused, with and without --json',
  live(async (_t, place) => {
    const topic = await createTopic(place)
    await KeyedFleet.start(place, topic, ['keyed-0'])
    const owner = ['keys', 'owner', topic.full, 'decision']
    const simulate = ['keys', 'simulate', topic.full, 'decision']
    const cases = [
      {
        args: [...owner, 'ok', '--raw-key', 'base64:A=Q'],
        exit: 2,
        code: 'E_RAW_KEY',
        says: /base64:A=Q is not valid; use base64: followed by/,
      },
      {args: [...owner, '--raw-key', 'AQL/'], exit: 2, code: 'E_RAW_KEY', says: /base64:AQL/},
      {args: owner, exit: 2, code: 'E_KEYS', says: /no key given/},
      {args: [...owner, 'a', '--stdin'], exit: 2, code: 'E_KEYS|E_STDIN_JSON', says: /stdin/},
      {args: [...simulate, '--leave', 'keyed-7'], exit: 2, code: 'E_CONSUMER_UNKNOWN', says: /did you mean keyed-0/},
      {args: [...simulate, '--consumers', '3', '--names-like', 'x'], exit: 2, code: 'E_NAMES_LIKE', says: /\{0\.\.N\}/},
      {
        args: ['keys', 'ranges', 'topic://public/default/x', 's'],
        exit: 3,
        code: 'E_TOPIC_UNSUPPORTED',
        says: /topic:\/\//,
      },
      {args: ['keys', 'sample', 'segment://a/b/c', 's'], exit: 3, code: 'E_TOPIC_UNSUPPORTED', says: /segment:\/\//},
    ]
    for (const one of cases) await requireFailure(one)
  }),
)

test(
  'keys ranges of a Shared subscription is refused with the shares after a switch; keys owner says that any consumer may receive a key',
  live(async (t, place) => {
    const workload = await openWorkload(t, place, {partitions: 0})
    const [topic] = (await place.admin.topics('public', place.namespace.replace('public/', ''))) as [string]
    const args = ['keys', 'ranges', topic, 'decision']
    await requireFailure({
      args,
      exit: 3,
      code: 'E_NOT_KEY_SHARED',
      says: /is Shared.* As Key_Shared, its consumers would own: .* \d+ %/,
    })
    assert.match((await runCli(args)).stderr, /keyshift migrate plan /)
    const {stdout} = await runCli(['keys', 'owner', topic, 'decision', 'user-1'])
    assert.match(stdout, /user-1 .*any consumer/)
    assert.match(stdout, /Shared: any consumer may receive a message, whatever its key/)
    await workload.settle()
  }),
)

for (const type of ['Failover', 'Exclusive'] as const) {
  test(
    `keys owner and why name the consumer of a key on ${type}`,
    live(async (t, place) => {
      const topic = await createTopic(place, {partitions: 3, subscription: 'decision'})
      const received = new Map<string, string>()
      for (const name of type === 'Failover' ? ['one', 'two'] : ['one']) {
        await connectAcking(t, place, {topic, subscription: 'decision', type, name, receiverQueueSize: 10}, ({key}) => {
          received.set(key ?? '', name)
          return true
        })
      }
      const keys = userKeys(30)
      const owners = async (): Promise<KeyOwners> =>
        askCli<KeyOwners>(['keys', 'owner', topic.full, 'decision', ...keys])
      await until('an active consumer on each partition', async () =>
        (await owners()).owners.every(({consumer}) => consumer !== null),
      )
      await publishKeys(place, topic, keys)
      await until('every key arriving', () => received.size === keys.length)
      const report = await owners()
      assert.deepEqual(
        report.owners.map(({consumer, key, slot}) => [key, consumer?.name, slot]),
        keys.map((key) => [key, received.get(key), null]),
      )
      const explanation = await askCli<Explanation>(['why', topic.full, 'decision', 'user-7'])
      assert.equal(explanation.consumer?.name, received.get('user-7'))
      const lines = await runCli(['keys', 'owner', topic.full, 'decision', '--stdin'], {}, 'user-7\n')
      assert.match(lines.stdout, new RegExp(`^user-7\\t\\d\\t\\t${received.get('user-7') ?? ''}\\t.*\\tconsumer$`, 'm'))
    }),
  )
}

test(
  'partitions without a consumer, such as those that were added to the topic, are reported as such',
  live(async (_t, place) => {
    const topic = await createTopic(place, {partitions: 2})
    const fleet = await KeyedFleet.start(place, topic, ['keyed-0', 'keyed-1'])
    await publishKeys(place, topic, userKeys(30))
    await until('every key arriving', () => fleet.received.size === 30)
    await ask(place.addresses, 'POST', `/persistent/${place.namespace}/${topic.local}/partitions`, 4)
    const ranges = await askCli<KeyRanges>(['keys', 'ranges', topic.full, 'decision'])
    assert.deepEqual(
      ranges.partitions.map(({consumers, partition}) => [partition, consumers.length]),
      [[0, 2], [1, 2], [2, 0], [3, 0]],
    ) // prettier-ignore
    assert.deepEqual(
      ranges.findings.map(({code, partition}) => [code, partition]),
      [['no-consumer', 2], ['no-consumer', 3]],
    ) // prettier-ignore
    const {owners} = await askCli<KeyOwners>(['keys', 'owner', topic.full, 'decision', ...userKeys(30)])
    for (const {consumer, partition, receiver, slot} of owners) {
      assert.ok(slot !== null)
      assert.equal(receiver, (partition ?? 0) < 2 ? 'consumer' : 'no-consumer')
      assert.equal(consumer === null, receiver === 'no-consumer')
    }
    assert.ok(owners.some(({receiver}) => receiver === 'no-consumer'))
  }),
)

import assert from 'node:assert/strict'
import {test} from 'node:test'

import fc from 'fast-check'

import {type BrokerTopic, readBrokerTopics} from '../../../../src/clients/pulsar-admin/broker-topics.js'

type Answer = Record<string, Record<string, Record<string, Record<string, object>>>>

const ANSWER: Answer = {
  'public/default': {
    '0x00000000_0x80000000': {
      persistent: {
        'persistent://public/default/bücher-🚀-partition-0': {subscriptions: {'größe "€"\\\n': {msgBacklog: 1.5e3}}},
        'persistent://public/default/empty': {},
      },
      'non-persistent': {'non-persistent://public/default/n': {msgRateIn: -0.25, publishers: [{}, {a: [[]]}]}},
    },
    '0x80000000_0xffffffff': {},
  },
  'public/none': {},
  'a/b': {all: {persistent: {'persistent://a/b/c': {subscriptions: {s: {isBlocked: true, nothing: null}}}}}},
}

async function* cut(bytes: Buffer, at: readonly number[]): AsyncGenerator<Buffer> {
  const borders = [0, ...at.toSorted((a, b) => a - b), bytes.length]
  for (const [index, border] of borders.slice(1).entries())
    yield await Promise.resolve(bytes.subarray(borders[index], border))
}

async function read(text: Buffer | string, at: readonly number[] = []): Promise<BrokerTopic[]> {
  const found: BrokerTopic[] = []
  for await (const topics of readBrokerTopics(cut(Buffer.from(text), at))) found.push(...topics)
  return found
}

function topicsOf(answer: Answer): BrokerTopic[] {
  return Object.entries(answer).flatMap(([namespace, bundles]) =>
    Object.values(bundles).flatMap((domains) =>
      Object.entries(domains).flatMap(([domain, topics]) =>
        Object.entries(topics).map(([name, stats]) => ({namespace, domain, name, stats})),
      ),
    ),
  )
}

test('topics are the same wherever chunks end, even within a character or an escape', async () => {
  const plain = Buffer.from(JSON.stringify(ANSWER))
  const escaped = Buffer.from(
    JSON.stringify(ANSWER, null, 2).replace(
      /[^ -~\n]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
  )
  for (const bytes of [plain, escaped]) {
    for (let at = 0; at <= bytes.length; at++)
      assert.deepEqual(await read(bytes, [at]), topicsOf(ANSWER), `cut at ${String(at)}`)
    assert.deepEqual(await read(bytes, Array.from(bytes.keys())), topicsOf(ANSWER), 'byte by byte')
  }
})

test('any answer in any chunks yields its topics', async () => {
  const names = fc.string({unit: 'grapheme', minLength: 1, maxLength: 8})
  const level = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> =>
    fc.dictionary(names, values, {maxKeys: 3, noNullPrototype: true})
  const stats = level(fc.jsonValue())
  const cuts = fc.array(fc.nat(), {maxLength: 6})
  await fc.assert(
    fc.asyncProperty(level(level(level(level(stats)))), cuts, async (answer, at) => {
      const told = JSON.parse(JSON.stringify(answer)) as Answer // −0 is 0 in JSON
      const bytes = Buffer.from(JSON.stringify(told))
      assert.deepEqual(
        await read(
          bytes,
          at.map((place) => place % (bytes.length + 1)),
        ),
        topicsOf(told),
      )
    }),
  )
})

test('an empty answer has no topics', async () => {
  assert.deepEqual(await read('{}'), [])
  assert.deepEqual(await read(' { } \n', [1, 2]), [])
})

test('an answer that is cut off anywhere is an error, after the topics before the cut', async () => {
  const bytes = Buffer.from(JSON.stringify(ANSWER))
  const whole = topicsOf(ANSWER)
  for (let end = 0; end < bytes.length; end++) {
    const found: BrokerTopic[] = []
    const reading = async (): Promise<void> => {
      for await (const topics of readBrokerTopics(cut(bytes.subarray(0, end), []))) found.push(...topics)
    }
    await assert.rejects(reading, {code: 'E_BROKER_ANSWER'}, `${String(end)} bytes`)
    assert.deepEqual(found, whole.slice(0, found.length))
  }
})

test('an answer of another form is an error with its position', async () => {
  const garbage = [
    'null',
    '[]',
    '"text"',
    '7',
    '{"a":}',
    '{"a":{}}{}',
    '{"a":{}}x',
    '<html>',
    '{"a":{"b":{"c":{"d":1}}}}',
    '{"a":{"b":{"c":{"d":[]}}}}',
    "{'a':{}}",
    '[[[[{}]]]]',
    '{"a":[[[{}]]]}',
    '{"a":{"b":{"c":{"d":{]}}}}',
    '{"a":{"b":{"c":{"d":{"e"}}}}}',
    '{"a":{"b":{"c":{"d":{}{}}}}}',
    '{"a":{"b":{"c":{"d":{}]}}}',
    '{"a":{"b":{"c":{"d":null}}}}',
    '}{',
  ]
  for (const text of garbage) await assert.rejects(read(text), {code: 'E_BROKER_ANSWER'}, text)
  const badUtf8 = Buffer.concat([Buffer.from('{"a'), Buffer.from([0xc3, 0x28]), Buffer.from('":{}}')])
  await assert.rejects(read(badUtf8), {code: 'E_BROKER_ANSWER'})
  await assert.rejects(read('{"a":{},,}', [4]), /not JSON after 10 bytes/)
})

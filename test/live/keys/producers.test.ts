import assert from 'node:assert/strict'
import {test} from 'node:test'

import pLimit from 'p-limit'

import type {KeyOwner, KeyOwners} from '../../../src/domain/keys/owners/key-owners.js'
import {collectWhy} from '../../../src/domain/why/collect-why.js'
import type {Explanation} from '../../../src/domain/why/explain-key.js'
import type {TopicName} from '../../../src/topic-name.js'
import {keyText} from '../../../src/wording.js'
import {
  type KeyedMessage,
  type ProducerClient,
  PRODUCERS,
  publishBy,
  withoutProducer,
} from '../../support/fleets/routed-keys.js'
import {ask, createTopic, live, type Place, userKeys} from '../../support/servers/live.js'
import {askCli, parseDocument, runCli} from '../../support/shells/cli.js'

const SUB = 'decision'
const isFull = process.env['KEYSHIFT_TEST_CRASHES'] === 'all'
const KEYS = isFull ? 1000 : 40
/** Keys of which `why` is asked as a command. A command takes a second, so there are few. */
const COMMANDS = isFull ? 5 : 2
const AT_ONCE = 8
/** Keys of which `why` is asked without batching. It reads every entry of a partition, so there are few. */
const ENTRY_EACH = isFull ? 30 : 12
/** The defaults of `why`, with a shorter window between its two samples, because no partition has a problem here. */
const QUESTION = {hashingScheme: null, max: 500, windowMs: 10, stuckAfterMs: 30_000, lock: null}

const LATIN = ['a b', 'été', 'ü', 'x'.repeat(3000), '=1+2', 'order/42?x=1&y=2', "it's", '"quoted"', 'a,b;c']
/** The admin API does not return these outside a batch. */
const BEYOND_LATIN = ['用户-1', '🦊-1', '🦊', '€5', 'user-😀-7', 'Ω', 'key\tx', 'Ж-5']

interface Counts {
  right: number
  /** found by a search of all partitions */
  found: number
  /** reported as unknown */
  unknown: number
  wrong: string[]
}

interface Truth {
  /** as the commands take it: text, or `base64:…` */
  readonly key: string
  readonly partition: number
  /** whether the admin API returns the message with its key */
  readonly isReadable: boolean
}

for (const client of PRODUCERS) {
  for (const partitions of [4, 7]) {
    for (const batching of [true, false]) {
      const how = `${batching ? 'with' : 'without'} batching, ${String(partitions)} partitions`
      test(
        `${client} producers ${how}: keys owner and why find the partition of each key`,
        {skip: withoutProducer(client)},
        live(async (t, place) => {
          const topic = await createTopic(place, {partitions, subscription: SUB})
          const messages = messagesOf(client)
          const stored = await publishBy(client, place, topic, messages, {batching, partitions})
          const truths = messages.map((message, at): Truth => truthOf(message, stored[at] ?? NaN, batching))
          const report = await askOwners(topic, truths)
          const owners = countOf(truths, (truth, at) => ownerResult(truth, report.owners[at]))
          const asked = truths.filter(({key}) => !key.startsWith('base64:')).slice(0, batching ? KEYS : ENTRY_EACH)
          const explanations = await explain(place, topic, asked)
          const why = countOf(asked, (truth, at) => whyResult(truth, explanations[at]))
          t.diagnostic(`${client} ${how}: ${report.hashingScheme ?? 'scheme unknown'}`)
          t.diagnostic(`keys owner, ${String(truths.length)} keys: ${textOf(owners)}`)
          t.diagnostic(`why, ${String(asked.length)} keys: ${textOf(why)}`)
          assert.deepEqual([owners.wrong, why.wrong], [[], []])
          const unreadable = truths.filter(({isReadable}) => !isReadable).length
          assert.ok(owners.unknown <= unreadable && why.unknown <= unreadable, 'a readable key is unknown')
          for (const truth of batching ? asked.slice(-COMMANDS) : []) {
            const explanation = await askCli<Explanation>(['why', topic.full, SUB, truth.key])
            assert.notEqual(whyResult(truth, explanation), 'wrong', JSON.stringify(explanation))
          }
        }),
      )
    }
  }

  test(
    `${client} producers: after a topic has grown from 2 to 4 partitions, why finds the older messages, and keys owner the new partitions`,
    {skip: withoutProducer(client)},
    live(async (_t, place) => {
      const topic = await createTopic(place, {partitions: 2, subscription: SUB})
      const messages = userKeys(isFull ? 100 : 40).map((key) => ({key}))
      const old = await publishBy(client, place, topic, messages, {partitions: 2})
      await ask(place.addresses, 'POST', `/persistent/${place.namespace}/${topic.local}/partitions`, 4)
      const truths = messages.map(({key}, at): Truth => ({key, partition: old[at] ?? NaN, isReadable: true}))
      const explanations = await explain(place, topic, truths)
      const {found, right, wrong} = countOf(truths, (truth, at) => whyResult(truth, explanations[at]))
      assert.deepEqual([wrong, right + found], [[], truths.length])
      assert.ok(found > 0, 'no key has moved')
      const before = await askOwners(topic, truths)
      assert.deepEqual(
        before.owners.map(({foundOn}) => foundOn),
        old.map((partition) => [partition]),
      )
      const now = await publishBy(client, place, topic, messages, {partitions: 4})
      const after = await askOwners(topic, truths)
      for (const {owners, routing} of [before, after]) {
        assert.equal(routing.earlierPartitions, 2)
        assert.deepEqual(
          owners.map(({partition}) => partition),
          now,
        )
      }
    }),
  )
}

for (const client of ['go', 'java', 'python'] as const) {
  test(
    `${client} producers with ordering keys: keys owner and why find the partition of each key`,
    {skip: withoutProducer(client)},
    live(async (_t, place) => {
      const topic = await createTopic(place, {partitions: 4, subscription: SUB})
      const messages = userKeys(40).map((key, at) => ({key, orderingKey: `order-${String(at)}`}))
      const stored = await publishBy(client, place, topic, messages, {partitions: 4})
      const truths = messages.map(({key}, at): Truth => ({key, partition: stored[at] ?? NaN, isReadable: true}))
      const {owners, routing} = await askOwners(topic, truths)
      const explanations = await explain(place, topic, truths)
      const expected = {right: 0, found: 0, unknown: 0, wrong: [], [client === 'go' ? 'found' : 'right']: truths.length}
      assert.equal(routing.byOrderingKey, client === 'go')
      assert.deepEqual(
        countOf(truths, (truth, at) => ownerResult(truth, owners[at])),
        expected,
      )
      assert.deepEqual(
        countOf(truths, (truth, at) => whyResult(truth, explanations[at])),
        expected,
      )
    }),
  )
}

/** A message with each key. */
function messagesOf(client: ProducerClient): KeyedMessage[] {
  const odd: KeyedMessage[] = [...LATIN, ...BEYOND_LATIN].map((key) => ({key}))
  if (client === 'java' || client === 'websocket') odd.push({key: ''}) // the others set no key instead
  if (client === 'java') odd.push({bytes: 'AQL/'}, {bytes: Buffer.from('user-1').toString('base64')})
  return [...odd, ...userKeys(KEYS - odd.length).map((key) => ({key}))]
}

function truthOf({bytes, key = ''}: KeyedMessage, partition: number, batching: boolean): Truth {
  return {
    key: bytes === undefined ? key : `base64:${bytes}`,
    partition,
    isReadable: batching || bytes !== undefined || (key !== '' && !BEYOND_LATIN.includes(key)),
  }
}

async function askOwners(topic: TopicName, truths: readonly Truth[]): Promise<KeyOwners> {
  const raw = truths.filter(({key}) => key.startsWith('base64:')).flatMap(({key}) => ['--raw-key', key])
  const texts = truths.filter(({key}) => !key.startsWith('base64:')).map(({key}) => key)
  const {stdout} = await runCli(['keys', 'owner', topic.full, SUB, '--json', ...raw, '--', ...texts])
  const report = parseDocument<KeyOwners>(stdout).result
  const byKey = new Map(report.owners.map((owner) => [owner.key, owner]))
  return {...report, owners: truths.flatMap(({key}) => byKey.get(key) ?? [])}
}

/** The answers of `why`, from the function that the command calls. */
async function explain(place: Place, topic: TopicName, truths: readonly Truth[]): Promise<Explanation[]> {
  const limit = pLimit(AT_ONCE)
  const {signal} = new AbortController()
  return Promise.all(
    truths.map(({key}) =>
      limit(() => collectWhy(place.admin, {...QUESTION, topic: topic.full, subscription: SUB, key, signal})),
    ),
  )
}

type Result = 'found' | 'right' | 'unknown' | 'wrong'

function ownerResult({partition}: Truth, owner: KeyOwner | undefined): Result {
  if (!owner) return 'wrong'
  const {foundOn, partitionSource} = owner
  if (foundOn.some((one) => one !== partition)) return 'wrong'
  if (owner.partition === null) return foundOn.includes(partition) ? 'found' : 'unknown'
  if (owner.partition !== partition) return 'wrong'
  return partitionSource === 'messages' ? 'found' : 'right'
}

function whyResult({isReadable, key, partition}: Truth, explanation: Explanation | undefined): Result {
  if (!explanation) return 'wrong'
  const {chain, verdict} = explanation
  const isFound = verdict.message.startsWith(`1 message of ${keyText(key)}`)
  if (verdict.code === 'no-unacked-message' || (isReadable && !isFound)) return 'wrong'
  if (explanation.partition === null) return 'unknown'
  if (explanation.partition !== partition) return 'wrong'
  return chain[0]?.message.includes('searched all partitions') === true && isFound ? 'found' : 'right'
}

function textOf({found, right, unknown, wrong}: Counts): string {
  return `${String(right)} right, ${String(found)} found, ${String(unknown)} unknown, ${String(wrong.length)} wrong ${wrong.join(', ')}`
}

function countOf(truths: readonly Truth[], resultOf: (truth: Truth, at: number) => Result): Counts {
  const counts: Counts = {right: 0, found: 0, unknown: 0, wrong: []}
  for (const [at, truth] of truths.entries()) {
    const result = resultOf(truth, at)
    if (result === 'wrong') counts.wrong.push(`${truth.key} on ${String(truth.partition)}`)
    else counts[result]++
  }
  return counts
}

import assert from 'node:assert/strict'
import {test, type TestContext} from 'node:test'
import {setTimeout as delay} from 'node:timers/promises'

import type {ConsumerStats} from '../../../src/clients/pulsar-admin/types.js'
import type {SubscriptionReport} from '../../../src/domain/subscriptions/inspect/subscription-report.js'
import {askCli, parseDocument, runCli} from '../../support/shells/cli.js'
import {
  ask,
  closeFirst,
  connectAcking,
  connectIdle,
  createTopic,
  live,
  type Place,
  until,
} from '../../support/servers/live.js'
import {partitionName, type TopicName} from '../../../src/topic-name.js'

interface BrokerStats {
  subscriptions: Record<
    string,
    {
      type: string
      msgBacklog: number
      unackedMessages: number
      consumers: Array<{consumerName: string; unackedMessages: number}>
    }
  >
}

/** A subscription without progress: its consumers have unacked messages and acknowledge nothing, and there is a backlog. */
async function stalledSubscription(place: Place, topic: TopicName): Promise<void> {
  const producer = await place.transport.produce(topic)
  await place.admin.createSubscription(topic, 'decision', 'earliest')
  for (const name of ['a', 'b', 'c']) {
    await connectIdle(place, topic, 'decision', name)
  }
  for (let at = 0; at < 200; at++) await producer.send({key: `user-${String(at)}`, payload: Buffer.from('x')})
  await producer.close()
}

async function brokerStats({addresses}: Place, topic: string): Promise<BrokerStats> {
  return (await ask(
    addresses,
    'GET',
    `${topic.replace('persistent://', '/persistent/')}/stats?getPreciseBacklog=true`,
  )) as BrokerStats
}

for (const partitions of [0, 4]) {
  test(
    `inspect matches the broker's own statistics, ${partitions === 0 ? 'plain topic' : 'partitioned topic'}`,
    live(async (t, place) => {
      const topic = await createTopic(place, {partitions})
      await stalledSubscription(place, topic)
      const parts =
        partitions === 0
          ? [topic.full]
          : Array.from({length: partitions}, (_, at) => `${topic.full}-partition-${String(at)}`)
      await until('the consumers to have no permits left', async () => {
        const held = async (): Promise<number[]> => {
          const stats = await Promise.all(parts.map((part) => brokerStats(place, part)))
          return stats.map(({subscriptions}) => subscriptions['decision']?.unackedMessages ?? 0)
        }
        const first = await held()
        await delay(300)
        return first.every((count) => count > 0) && (await held()).join() === first.join()
      })

      const report = await askCli<SubscriptionReport>(['subscriptions', 'inspect', topic.full, 'decision'])
      const text = (await runCli(['subscriptions', 'inspect', topic.full, 'decision'])).stdout

      assert.equal(report.partitionCount, partitions === 0 ? null : partitions)
      assert.equal(report.total.consumers, 3)
      assert.equal(report.partitions.length, parts.length)
      for (const [at, part] of parts.entries()) {
        const reported = (await brokerStats(place, part)).subscriptions['decision']
        const row = report.partitions[at]
        assert.ok(reported && row)
        assert.equal(row.type, reported.type)
        assert.equal(row.backlogEntries, reported.msgBacklog)
        assert.equal(row.unackedMessages, reported.unackedMessages)
        assert.deepEqual(
          row.consumers.map(({name, unackedMessages}) => [name, unackedMessages]),
          reported.consumers.map(({consumerName, unackedMessages}) => [consumerName, unackedMessages]).toSorted(),
        )
        const label = partitions === 0 ? '-' : String(at)
        assert.match(
          text,
          new RegExp(
            `^ +${label} +Shared +3 +${String(reported.msgBacklog)} +${String(reported.unackedMessages)} `,
            'm',
          ),
        )
      }
      assert.equal(report.total.backlogEntries, 200)
      assert.match(text, /^backlog entries +200$/m)
    }),
  )
}

test(
  'Key_Shared consumers that skip some acknowledgements: cursor, ack holes, producers and raw statistics are reported',
  live(async (t, place) => {
    const topic = await createTopic(place, {name: 'held', partitions: 2})
    for (const name of ['a', 'b', 'c']) await forgetful(t, place, topic, name)
    const producer = await place.transport.produce(topic)
    closeFirst(t, () => producer.close())
    for (let at = 0; at < 400; at++) await producer.send({key: `user-${String(at)}`, payload: Buffer.from('x')})
    const args = ['subscriptions', 'inspect', topic.full, 'decision']
    let report = await askCli<SubscriptionReport>(args)
    await until('acknowledgements after a blocked mark-delete position', async () => {
      report = await askCli<SubscriptionReport>(args)
      return report.partitions.every(({cursor}) => (cursor?.ackedBehindEntries ?? 0) > 20)
    })
    for (const {
      ackHoles,
      consumers,
      cursor,
      lastAckedAt,
      lastDeliveredAt,
      partition,
      publishers,
      topic: ofTopic,
    } of report.partitions) {
      assert.ok(cursor?.markDelete && cursor.firstUnacked)
      const [ledger, entry] = cursor.markDelete.split(':').map(Number)
      assert.equal(
        cursor.firstUnacked,
        `${String(ledger)}:${String((entry ?? 0) + 1)}`,
        'the entry that blocks mark-delete',
      )
      assert.ok((ackHoles ?? 0) > 0)
      assert.equal(
        consumers.reduce((sum, {keyHashSlots}) => sum + (keyHashSlots ?? 0), 0),
        slotsOf(report),
      )
      assert.ok(consumers.every((one) => one.messagesPerEntry === 1 && (one.deliveredMessages ?? 0) > 0))
      for (const at of [lastAckedAt, lastDeliveredAt, ofTopic.lastPublishedAt ?? lastAckedAt]) {
        assert.ok(Math.abs(Date.parse(at ?? '') - Date.parse(report.asOf)) < 60_000, String(at))
      }
      assert.deepEqual([publishers.length, ofTopic.waitingPublishers], [1, 0])
      const brokerTopic = await brokerStats(place, `${topic.full}-partition-${String(partition)}`)
      const raw = report.raw.partitions.find((one) => one.partition === partition)
      assert.deepEqual(Object.keys(raw?.subscription ?? {}), Object.keys(brokerTopic.subscriptions['decision'] ?? {}))
      assert.deepEqual(
        [...Object.keys(raw?.topic ?? {}), 'subscriptions'].toSorted(),
        Object.keys(brokerTopic).toSorted(),
        'every field of this broker',
      )
      assert.equal(raw?.cursor?.['markDeletePosition'], cursor.markDelete)
    }
    const text = (await runCli(args)).stdout
    assert.match(text, /Blockers\nPARTITION +MARK-DELETE +FIRST UNACKED +ACKED AFTER/)
  }),
)

test(
  'with many partitions 16 cursors are read unless --cursors is set, and lines fit a terminal',
  live(async (_t, place) => {
    const topic = await createTopic(place, {name: 'wide', partitions: 64})
    await stalledSubscription(place, topic)
    const args = ['subscriptions', 'inspect', topic.full, 'decision']
    const short = await runCli([...args, '--json'])
    const {result, warnings} = parseDocument<SubscriptionReport>(short.stdout)
    assert.equal(result.cursorsNotRead.length, 48)
    assert.match(warnings.join(), /cursors not read on 48 of 64 partitions: use --cursors to read all/)
    const full = await askCli<SubscriptionReport>([...args, '--cursors', '--oldest'])
    assert.deepEqual(full.cursorsNotRead, [])
    const ages = full.partitions.flatMap(({oldestAgeMs}) => oldestAgeMs ?? [])
    assert.equal(ages.length, full.partitions.filter(({backlogEntries}) => (backlogEntries ?? 0) > 0).length)
    assert.ok(ages.length > 0 && Math.max(...ages) < 120_000)

    const {stderr, stdout} = await runCli(args)
    assert.match(stderr, /cursors not read on 48 of 64/)
    const lines = stdout.split('\n').filter((line) => !/^(no limit|unknown:)/.test(line))
    assert.deepEqual(
      lines.filter((line) => line.length > 110),
      [],
    )
    assert.equal(stdout.match(/^ +\d+ +Shared +3 /gm)?.length, 64, 'one row per partition')
    assert.ok(lines.length < 64 + 80, `${String(lines.length)} lines`)
  }),
)

/** A Key_Shared consumer that never acknowledges every 25th message. */
async function forgetful(t: TestContext, place: Place, topic: TopicName, name: string): Promise<void> {
  let count = 0
  const options = {topic, subscription: 'decision', type: 'Key_Shared', name, receiverQueueSize: 1000} as const
  await connectAcking(t, place, options, () => ++count % 25 !== 0)
}

/** The number of slots of all consumers of a partition, because consistent hashing before 4.0 has another key space. */
function slotsOf({raw}: SubscriptionReport): number {
  const consumers = raw.partitions[0]?.subscription['consumers'] as ConsumerStats[]
  const ranges = consumers.flatMap(({keyHashRangeArrays, keyHashRanges = []}) => {
    return keyHashRangeArrays ?? keyHashRanges.map((text) => JSON.parse(text) as [number, number])
  })
  return ranges.reduce((sum, [start, end]) => sum + end - start + 1, 0)
}

test(
  'a subscription on a part of the partitions is shown there, and the others are named',
  live(async (_t, place) => {
    const topic = await createTopic(place, {partitions: 4})
    for (const partition of [1, 3]) {
      await place.admin.createSubscription(partitionName(topic, partition), 'decision', 'earliest')
    }
    const run = await runCli(['subscriptions', 'inspect', topic.full, 'decision', '--json'])
    const {result, warnings} = parseDocument<SubscriptionReport>(run.stdout)
    assert.deepEqual([result.partitionCount, result.missingOn], [4, [0, 2]])
    assert.deepEqual(
      result.partitions.map(({partition}) => partition),
      [1, 3],
    )
    assert.ok(warnings.some((text) => text.includes('no subscription decision on 2 of 4 partitions: 0, 2')))
    const {stdout} = await runCli(['subscriptions', 'inspect', topic.full, 'decision'])
    assert.match(stdout, /^partitions +2 of 4; not on 0, 2$/m)
    for (const args of [
      ['backlog', 'gaps'],
      ['backlog', 'show', '--window', '1s'],
    ]) {
      const other = parseDocument<{missingOn: number[]}>(
        (await runCli([...args, topic.full, 'decision', '--json'])).stdout,
      )
      assert.deepEqual(other.result.missingOn, [0, 2])
      assert.ok(other.warnings.some((text) => text.includes('no subscription decision on 2 of 4 partitions: 0, 2')))
    }
    // These need every partition: for an empty backlog, or to follow a key.
    for (const args of [['backlog', 'watch'], ['keys', 'ranges'], ['why']]) {
      const operands = [topic.full, 'decision', ...(args[0] === 'why' ? ['user-1'] : [])]
      const {error} = parseDocument((await runCli([...args, ...operands, '--json'])).stdout)
      assert.equal(error.code, 'E_SUBSCRIPTION_NOT_FOUND')
      assert.match(error.message, /no subscription decision on partitions 0, 2/)
      assert.deepEqual(error.next, [`keyshift doctor ${topic.full} decision`])
    }
    const none = await runCli(['subscriptions', 'inspect', topic.full, 'other', '--json'])
    assert.equal(parseDocument(none.stdout).error.code, 'E_SUBSCRIPTION_NOT_FOUND')
  }),
)

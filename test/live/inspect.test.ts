import assert from 'node:assert/strict'
import {test} from 'node:test'
import {setTimeout as delay} from 'node:timers/promises'

import type {SubscriptionReport} from '../../src/domain/subscriptions/inspect.js'
import {askCli, runCli} from '../support/cli.js'
import {ask, connectIdle, live, type Place, until} from '../support/live.js'
import type {TopicName} from '../../src/topic-name.js'

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

/** A subscription that stands still: consumers that hold messages and acknowledge nothing, and a backlog behind them. */
async function standingStill(place: Place, topic: TopicName): Promise<void> {
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
    `inspect agrees with the broker's own statistics, ${partitions === 0 ? 'plain topic' : 'partitioned topic'}`,
    live(async (t, place) => {
      const topic = place.topic('orders')
      if (partitions === 0) await place.admin.createTopic(topic)
      else await place.admin.createPartitionedTopic(topic, partitions)
      await standingStill(place, topic)
      const parts =
        partitions === 0
          ? [topic.full]
          : Array.from({length: partitions}, (_, at) => `${topic.full}-partition-${String(at)}`)
      await until('the consumers holding as many as they can', async () => {
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
        const own = (await brokerStats(place, part)).subscriptions['decision']
        const row = report.partitions[at]
        assert.ok(own && row)
        assert.equal(row.type, own.type)
        assert.equal(row.backlogEntries, own.msgBacklog)
        assert.equal(row.unackedMessages, own.unackedMessages)
        assert.deepEqual(
          row.consumers.map(({name, unackedMessages}) => [name, unackedMessages]),
          own.consumers.map(({consumerName, unackedMessages}) => [consumerName, unackedMessages]).toSorted(),
        )
        const label = partitions === 0 ? '-' : String(at)
        assert.match(
          text,
          new RegExp(`^ +${label} +Shared +3 +${String(own.msgBacklog)} +${String(own.unackedMessages)} `, 'm'),
        )
      }
      assert.equal(report.total.backlogEntries, 200)
      assert.match(text, /^backlog entries +200$/m)
    }),
  )
}

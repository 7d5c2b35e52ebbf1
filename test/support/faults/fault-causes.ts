import type {TestContext} from 'node:test'

import {mayDeliverTwiceOnJoin} from '../../../src/domain/migration/double-delivery.js'
import {pausedRate} from '../../../src/domain/migration/pause-rate.js'
import {type FaultLab, SUB} from './fault-lab.js'
import {brokerVersion, closeFirst, until} from '../servers/live.js'
import {pythonProgram} from '../fleets/programs.js'

/** How each cause is made, and what is said of it. */
export interface Cause {
  readonly what: string
  readonly code: string
  readonly partitions: number | null
  readonly make: (lab: FaultLab, t: TestContext) => Promise<void>
  readonly says?: RegExp
  /** whom it names */
  readonly consumer?: string
  readonly skip?: string | false
  readonly args?: readonly string[]
}

const WITHOUT_PYTHON = pythonProgram('sticky.py') === null ? "Python's client can not be installed here" : false
const BEFORE_4 = mayDeliverTwiceOnJoin(brokerVersion, 'Key_Shared') ? 'draining slots came with 4.0' : false
export const KEYS = Array.from({length: 200}, (_, at) => `user-${String(at)}`)

/** Works off a message each 50 ms: a backlog stays for a while, and nothing is stuck. */
async function joinSlow(lab: FaultLab, t: TestContext, type: 'Key_Shared' | 'Shared'): Promise<void> {
  const waiting: Array<() => void> = []
  const working = setInterval(() => waiting.shift()?.(), 50)
  t.after(() => {
    clearInterval(working)
  })
  const joining = lab.place.transport.consume({
    ...{topic: lab.topic, type, name: 'worker-0', subscription: SUB, receiverQueueSize: 10},
    onMessage: (message) => {
      waiting.push(() => void joining.then((consumer) => consumer.ack(message)).catch(() => undefined))
    },
  })
  await joining
}

const CAUSES: readonly Cause[] = [
  {
    what: 'nobody is connected',
    code: 'no-consumers',
    partitions: 2,
    make: (lab) => lab.publish(50, KEYS),
    says: /nobody is connected: 50 entries wait/,
  },
  {
    what: 'one partition has no consumer',
    code: 'partitions-without-consumer',
    partitions: 2,
    async make(lab) {
      await lab.join({name: 'worker-0', habit: 'ack', topic: lab.partition(0)})
      await lab.publish(50, KEYS)
    },
    says: /nobody is connected on partition 1/,
  },
  {
    what: 'a consumer has as many unacknowledged messages as it may',
    code: 'consumer-blocked-on-unacked',
    partitions: null,
    async make(lab) {
      await lab.policy('maxUnackedMessagesOnConsumer', 10)
      await lab.join({name: 'worker-0', habit: 'ignore'})
      await lab.publish(50, KEYS)
    },
    consumer: 'worker-0',
  },
  {
    what: 'a subscription has as many unacknowledged messages as it may',
    code: 'subscription-blocked-on-unacked',
    partitions: null,
    async make(lab) {
      await lab.policy('maxUnackedMessagesOnSubscription', 20)
      await lab.join({name: 'worker-0', habit: 'ignore'})
      await lab.join({name: 'worker-1', habit: 'ack'})
      await lab.publish(100, KEYS)
    },
    consumer: 'worker-0',
  },
  {
    what: 'a consumer neither acknowledges nor asks for more',
    code: 'consumer-not-reading',
    partitions: null,
    async make(lab) {
      await lab.join({name: 'worker-0', habit: 'ignore', queue: 5})
      await lab.publish(50, KEYS)
    },
    consumer: 'worker-0',
  },
  {
    what: 'a consumer asks for nothing',
    code: 'consumer-without-permits',
    partitions: null,
    async make(lab, t) {
      closeFirst(t, await lab.joinSilent('worker-0'))
      await lab.publish(50, KEYS)
    },
    consumer: 'worker-0',
  },
  {
    what: 'one consumer holds messages, the other works',
    code: 'consumer-holds-unacked',
    partitions: 2,
    async make(lab) {
      await lab.join({name: 'worker-0', habit: 'ignore'})
      await lab.join({name: 'worker-1', habit: 'ack'})
      await lab.publish(50, KEYS)
    },
    consumer: 'worker-0',
  },
  {
    what: 'slots wait for the consumer that they have left',
    code: 'draining-slot-blocked',
    partitions: null,
    skip: BEFORE_4,
    async make(lab) {
      await lab.join({name: 'worker-0', habit: 'ignore', type: 'Key_Shared'})
      await lab.publish(200, KEYS)
      await until('worker-0 having them all', async () => {
        const {subscriptions = {}} = await lab.place.admin.topicStats(lab.topic)
        return subscriptions[SUB]?.unackedMessages === 200
      })
      await lab.join({name: 'worker-1', habit: 'ack', type: 'Key_Shared'})
      await lab.publish(200, KEYS)
    },
    consumer: 'worker-0',
    says: /messages of slot \d+ wait until worker-0 has acknowledged \d+ older ones/,
  },
  {
    what: 'so many messages wait for one key-holder that the broker reads no further',
    code: 'look-ahead-full',
    partitions: null,
    skip: BEFORE_4,
    async make(lab) {
      await lab.join({name: 'worker-0', habit: 'ignore', type: 'Key_Shared', queue: 10})
      await lab.join({name: 'worker-1', habit: 'ack', type: 'Key_Shared'})
      await lab.publish(15_000, KEYS)
    },
    consumer: 'worker-0',
  },
  {
    what: 'a dispatch rate holds delivery',
    code: 'dispatch-throttled',
    partitions: 2,
    async make(lab) {
      await lab.join({name: 'worker-0', habit: 'ack'})
      await lab.place.admin.setSubscriptionDispatchRate(lab.topic, SUB, pausedRate(1))
      await lab.publish(50, KEYS)
    },
    says: /delivery is held on partitions 0, 1 by the subscription's dispatch rate, 1 messages in/,
  },
  {
    what: 'messages wait for their time',
    code: 'delayed-messages',
    partitions: null,
    async make(lab) {
      await lab.join({name: 'worker-0', habit: 'ack'})
      await lab.publishDelayed(600_000)
    },
    says: /1 messages wait for their time/,
  },
  {
    what: 'a message comes again and again',
    code: 'redelivered-over-and-over',
    partitions: null,
    async make(lab) {
      await lab.join({name: 'worker-0', habit: ({key}) => (key === 'poison' ? 'nack' : 'ack')})
      await lab.publish(1, ['poison'])
      await lab.publish(20, KEYS)
    },
  },
  {
    what: 'partitions are of different types',
    code: 'mixed-types',
    partitions: 2,
    async make(lab) {
      await lab.join({name: 'worker-0', habit: 'ack', topic: lab.partition(0)})
      await lab.join({name: 'worker-1', habit: 'ack', topic: lab.partition(1), type: 'Key_Shared'})
    },
    says: /Shared on partition 0; Key_Shared AUTO_SPLIT on partition 1/,
  },
  {
    what: 'two consumers have one name',
    code: 'duplicate-consumer-names',
    partitions: null,
    async make(lab) {
      await lab.join({name: 'worker', habit: 'ack', type: 'Key_Shared'})
      await lab.join({name: 'worker', habit: 'ack', type: 'Key_Shared'})
    },
    consumer: 'worker',
  },
  {
    what: 'most messages are of one key',
    code: 'hot-key',
    partitions: null,
    async make(lab, t) {
      await joinSlow(lab, t, 'Key_Shared')
      await lab.publish(1000, ['hot', 'user-1', 'hot', 'user-2'])
    },
    says: /of one key, hot/,
  },
  {
    what: 'messages have no key',
    code: 'keyless-messages',
    partitions: null,
    async make(lab, t) {
      await joinSlow(lab, t, 'Key_Shared')
      await lab.publish(1000, [null, ...KEYS.slice(0, 9)])
    },
  },
  {
    what: 'a batch holds several keys',
    code: 'mixed-key-batches',
    partitions: null,
    async make(lab, t) {
      await joinSlow(lab, t, 'Key_Shared')
      await lab.publish(100, KEYS)
      await lab.publishBatch(['user-1', 'user-2', 'user-3'])
    },
  },
  {
    what: 'slots that no consumer has asked for',
    code: 'sticky-ranges-gap',
    partitions: null,
    skip: WITHOUT_PYTHON,
    async make(lab, t) {
      await lab.joinSticky(t, 'worker-0', {last: 40_000})
      await lab.publish(100, KEYS)
    },
    says: /no consumer has asked for slots 40001 to 65535/,
  },
  {
    what: 'partitions have different Key_Shared policies',
    code: 'mixed-key-shared-policies',
    partitions: 2,
    skip: WITHOUT_PYTHON,
    async make(lab, t) {
      await lab.joinSticky(t, 'worker-0', {topic: lab.partition(0)})
      await lab.join({name: 'worker-1', habit: 'ack', topic: lab.partition(1), type: 'Key_Shared'})
    },
    says: /Key_Shared STICKY on partition 0; Key_Shared AUTO_SPLIT on partition 1/,
  },
  {
    what: 'a process is frozen by SIGSTOP, and its connection stays',
    code: 'consumer-not-reading',
    partitions: null,
    skip: WITHOUT_PYTHON,
    async make(lab, t) {
      const consumer = await lab.joinSticky(t, 'worker-0')
      await lab.publish(50, KEYS)
      await until('all acknowledged', async () => {
        const {subscriptions = {}} = await lab.place.admin.topicStats(lab.topic, {getPreciseBacklog: true})
        return subscriptions[SUB]?.msgBacklog === 0
      })
      consumer.freeze()
      await lab.publish(50, KEYS)
    },
    consumer: 'worker-0',
    says: /neither acknowledges its 10 messages nor asks for more/,
  },
  {
    what: 'more is acknowledged out of order than the broker keeps',
    code: 'ack-holes-near-limit',
    partitions: null,
    async make(lab) {
      for (let number = 0; number < 12; number++) {
        let [taken, ignored] = [0, 0]
        // A consumer is given no more once it holds as many as its queue can.
        const habit = (): 'ack' | 'ignore' => (taken++ % 2 === 0 && ignored++ < 800 ? 'ignore' : 'ack')
        await lab.join({name: `worker-${String(number)}`, habit})
      }
      await lab.publish(25_000, KEYS)
    },
  },
  {
    what: 'the backlog is about to expire',
    code: 'backlog-expires',
    partitions: null,
    async make(lab) {
      await lab.join({name: 'worker-0', habit: 'ignore'})
      await lab.publish(5, KEYS)
      await lab.namespacePolicy('messageTTL', 8)
    },
    args: ['--stuck-after', '1h'],
  },
  {
    what: 'a backlog quota is about to drop the oldest messages',
    code: 'backlog-evicted',
    partitions: null,
    async make(lab) {
      await lab.join({name: 'worker-0', habit: 'ignore'})
      await lab.publish(50, KEYS)
      await lab.namespacePolicy('backlogQuota', {limitSize: 4000, policy: 'consumer_backlog_eviction'})
    },
    args: ['--stuck-after', '1h'],
  },
]

/** All causes that can be made on a broker. */
export function faultCauses(): readonly Cause[] {
  return CAUSES
}

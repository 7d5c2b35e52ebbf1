import type {TestContext} from 'node:test'

import {pausedRate} from '../../../src/domain/migration/pause-rate.js'
import {type FaultLab, SUB} from './fault-lab.js'
import {joinSlow, KEYS, keepPublishing, makeAckHoles} from './fault-load.js'
import {closeFirst, until, usesClassicDispatcher} from '../servers/live.js'
import {pythonProgram} from '../fleets/programs.js'

/** How a cause is made on a broker, and the finding that it must produce. */
export interface Cause {
  readonly what: string
  readonly code: string
  readonly partitions: number | null
  readonly make: (lab: FaultLab, t: TestContext) => Promise<void>
  readonly message?: RegExp
  /** the consumer that the finding names */
  readonly consumer?: string
  readonly skip?: string | false
  readonly args?: readonly string[]
}

const WITHOUT_PYTHON = pythonProgram('sticky.py') === null ? "Python's client cannot be installed here" : false
const CLASSIC = (await usesClassicDispatcher())
  ? 'the classic dispatcher has no draining slots and no look-ahead limit'
  : false

const CAUSES: readonly Cause[] = [
  {
    what: 'no consumer is connected',
    code: 'no-consumers',
    partitions: 2,
    make: (lab) => lab.publish(50, KEYS),
    message: /No consumer connected, backlog 50 entries/,
  },
  {
    what: 'one partition has no consumer',
    code: 'partitions-without-consumer',
    partitions: 2,
    async make(lab) {
      await lab.join({name: 'worker-0', habit: 'ack', topic: lab.partition(0)})
      await lab.publish(50, KEYS)
    },
    message: /No consumer connected on partition 1, backlog/,
  },
  {
    what: 'a consumer reached its limit of unacked messages',
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
    what: 'a subscription reached its limit of unacked messages',
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
    what: 'a consumer neither acknowledges nor requests messages',
    code: 'consumer-not-reading',
    partitions: null,
    async make(lab) {
      await lab.join({name: 'worker-0', habit: 'ignore', queue: 5})
      await lab.publish(50, KEYS)
    },
    consumer: 'worker-0',
  },
  {
    what: 'a consumer requests no messages',
    code: 'consumer-without-permits',
    partitions: null,
    async make(lab, t) {
      closeFirst(t, await lab.joinSilent('worker-0'))
      await lab.publish(50, KEYS)
    },
    consumer: 'worker-0',
  },
  {
    what: 'one consumer holds messages, the other one acknowledges',
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
    what: 'slots are draining at the consumer that owned them before',
    code: 'draining-slot-blocked',
    partitions: null,
    skip: CLASSIC,
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
    message: /worker-0 must first ack \d+ older messages? of slot \d+/,
  },
  {
    what: 'the replay queue reached the limit at which the broker stops reading',
    code: 'look-ahead-full',
    partitions: null,
    skip: CLASSIC,
    async make(lab) {
      await lab.join({name: 'worker-0', habit: 'ignore', type: 'Key_Shared', queue: 10})
      await lab.join({name: 'worker-1', habit: 'ack', type: 'Key_Shared'})
      await lab.publish(15_000, KEYS)
    },
    consumer: 'worker-0',
  },
  {
    what: 'a dispatch rate stops delivery',
    code: 'dispatch-throttled',
    partitions: 2,
    async make(lab) {
      await lab.join({name: 'worker-0', habit: 'ack'})
      await lab.place.admin.setSubscriptionDispatchRate(lab.topic, SUB, pausedRate(1))
      await lab.publish(50, KEYS)
    },
    message: /dispatch rate stops delivery on partitions 0, 1: 1 message per/,
  },
  {
    what: 'a message is delayed',
    code: 'delayed-messages',
    partitions: null,
    async make(lab) {
      await lab.join({name: 'worker-0', habit: 'ack'})
      await lab.publishDelayed(600_000)
    },
    message: /1 delayed message: part of the backlog/,
  },
  {
    what: 'a message is redelivered repeatedly',
    code: 'redelivered-over-and-over',
    partitions: null,
    async make(lab) {
      await lab.join({name: 'worker-0', habit: ({key}) => (key === 'poison' ? 'nack' : 'ack')})
      await lab.publish(1, ['poison'])
      await lab.publish(20, KEYS)
    },
  },
  {
    what: 'an old message blocks mark-delete while newer ones are acknowledged',
    code: 'mark-delete-blocked',
    partitions: null,
    async make(lab, t) {
      await lab.join({name: 'worker-0', habit: ({key}) => (key === 'old' ? 'ignore' : 'ack')})
      await lab.publish(1, ['old'])
      keepPublishing(lab, t)
    },
    message: /blocked mark-delete for .*; backlog/,
  },
  {
    what: 'partitions have different types',
    code: 'mixed-types',
    partitions: 2,
    async make(lab) {
      await lab.join({name: 'worker-0', habit: 'ack', topic: lab.partition(0)})
      await lab.join({name: 'worker-1', habit: 'ack', topic: lab.partition(1), type: 'Key_Shared'})
    },
    message: /Shared on partition 0; Key_Shared AUTO_SPLIT on partition 1/,
  },
  {
    what: 'two consumers have the same name',
    code: 'duplicate-consumer-names',
    partitions: null,
    async make(lab) {
      await lab.join({name: 'worker', habit: 'ack', type: 'Key_Shared'})
      await lab.join({name: 'worker', habit: 'ack', type: 'Key_Shared'})
    },
    consumer: 'worker',
  },
  {
    what: 'most messages have the same key',
    code: 'hot-key',
    partitions: null,
    async make(lab, t) {
      await joinSlow(lab, t, 'Key_Shared')
      await lab.publish(1000, ['hot', 'user-1', 'hot', 'user-2'])
    },
    message: /have the key hot;/,
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
    what: 'a batch contains several keys',
    code: 'mixed-key-batches',
    partitions: null,
    async make(lab, t) {
      await joinSlow(lab, t, 'Key_Shared')
      await lab.publish(1000, KEYS)
      await lab.publishBatch(['user-1', 'user-2', 'user-3'])
    },
  },
  {
    what: 'no consumer requested some slots',
    code: 'sticky-ranges-gap',
    partitions: null,
    skip: WITHOUT_PYTHON,
    async make(lab, t) {
      await lab.joinSticky(t, 'worker-0', {last: 40_000})
      await lab.publish(100, KEYS)
    },
    message: /No consumer requested slots 40001 to 65535/,
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
    message: /Key_Shared STICKY on partition 0; Key_Shared AUTO_SPLIT on partition 1/,
  },
  {
    what: 'a process is stopped by SIGSTOP and stays connected',
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
    message: /not acknowledging 10 messages and not requesting more/,
  },
  {
    what: 'there are almost more ack holes than the broker persists',
    code: 'ack-holes-near-limit',
    partitions: null,
    async make(lab) {
      await makeAckHoles(lab, 12, 25_000)
    },
    args: ['--stuck-after', '1h'],
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

/** All causes that a test can make on a broker. */
export function faultCauses(): readonly Cause[] {
  return CAUSES
}

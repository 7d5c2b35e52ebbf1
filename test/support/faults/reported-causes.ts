import {mayDeliverTwiceOnJoin} from '../../../src/domain/migration/double-delivery.js'
import {ask, brokerVersion, until, usesClassicDispatcher} from '../servers/live.js'
import type {Cause} from './fault-causes.js'
import {type FaultLab, SUB} from './fault-lab.js'
import {keepPublishing, KEYS, makeAckHoles} from './fault-load.js'

const IS_BEFORE_4 = mayDeliverTwiceOnJoin(brokerVersion, 'Key_Shared')
const IS_CLASSIC = await usesClassicDispatcher()

/** One message, or one byte, per hour. */
const rate = (messages: number, bytes: number): object => ({
  dispatchThrottlingRateInMsg: messages,
  dispatchThrottlingRateInByte: bytes,
  relativeToPublishRate: false,
  ratePeriodInSecond: 3600,
})

const REPORTED: readonly Cause[] = [
  {
    what: 'the subscription does not exist on one partition',
    code: 'subscription-missing-on-partitions',
    partitions: 2,
    async make(lab, t) {
      await lab.join({name: 'worker-0', habit: 'ack', topic: lab.partition(0)})
      await lab.place.admin.deleteSubscription(lab.partition(1), SUB)
      keepPublishing(lab, t)
    },
    message: /does not exist on partition 1, so the broker keeps no messages for it there; [0-9,]+ messages? arrived/,
  },
  {
    what: 'a dispatch rate of the topic stops delivery',
    code: 'dispatch-throttled',
    partitions: null,
    async make(lab) {
      await setRate(lab, 'dispatchRate', rate(1, -1))
      await lab.join({name: 'worker-0', habit: 'ack'})
      await lab.publish(50, KEYS)
    },
    message: /dispatch rate of the topic stops delivery: 1 message per 3,600 s, set on the topic/,
  },
  {
    what: 'a dispatch rate in bytes stops delivery',
    code: 'dispatch-throttled',
    partitions: null,
    async make(lab) {
      await setRate(lab, 'subscriptionDispatchRate', rate(-1, 1))
      await lab.join({name: 'worker-0', habit: 'ack'})
      await lab.publish(50, KEYS)
    },
    message: /subscription dispatch rate stops delivery: 1 byte per 3,600 s, set on the topic/,
  },
  {
    what: 'delivery is paused because no more ack holes can be stored',
    code: 'paused-by-ack-holes',
    partitions: null,
    skip: IS_BEFORE_4 ? 'the policy came with 3.3' : false,
    async make(lab) {
      await lab.policy('dispatcherPauseOnAckStatePersistent', true)
      await makeAckHoles(lab, 15, 30_000)
    },
  },
  ...(['Consumer', 'Subscription'] as const).map((of): Cause => ({
    what: `a limit per ${of.toLowerCase()} was lowered below what is unacked, and nothing has been delivered since`,
    code: 'limit-not-enforced',
    partitions: null,
    async make(lab) {
      await lab.join({name: 'worker-0', habit: 'ignore'})
      await lab.publish(300, KEYS)
      await until('the delivery of all messages', async () => (await unacked(lab)) === 300)
      await lab.policy(`maxUnackedMessagesOn${of}`, 100)
    },
    args: ['--stuck-after', '1h'],
    message: new RegExp(`above the limit of 100 per ${of.toLowerCase()}, .* when it delivers the next message$`),
  })),
  {
    what: 'a message inside a batch is redelivered repeatedly',
    code: 'redelivered-over-and-over',
    partitions: null,
    async make(lab) {
      await lab.join({name: 'worker-0', habit: ({key}) => (key === 'poison' ? 'nack' : 'ack')})
      await lab.publishBatch(['user-1', 'poison', 'user-2'])
    },
  },
  {
    what: 'the active consumer of Failover acknowledges nothing',
    code: 'active-consumer-not-acking',
    partitions: null,
    async make(lab) {
      await lab.join({name: 'worker', habit: 'ignore', type: 'Failover'})
      await lab.publish(50, KEYS)
      await lab.join({name: 'worker', habit: 'ignore', type: 'Failover'})
    },
    consumer: 'worker',
    message: /worker is the active consumer and has acked nothing/,
  },
  {
    what: 'one consumer has prefetched the whole backlog, and another one is idle',
    code: 'prefetched-backlog',
    partitions: null,
    async make(lab, t) {
      const waiting: Array<() => void> = []
      const working = setInterval(() => waiting.shift()?.(), 500)
      t.after(() => {
        clearInterval(working)
      })
      const joining = lab.place.transport.consume({
        ...{topic: lab.topic, type: 'Shared', name: 'worker-0', subscription: SUB, receiverQueueSize: 1000},
        onMessage: (message) => {
          waiting.push(() => void joining.then((consumer) => consumer.ack(message)).catch(() => undefined))
        },
      })
      await joining
      await lab.publish(400, KEYS)
      await until('the delivery of all messages', async () => (await unacked(lab)) > 300)
      await lab.join({name: 'worker-1', habit: 'ack'})
    },
    consumer: 'worker-0',
    message: /worker-0 has prefetched \d+ messages.*; worker-1 is idle/,
  },
  {
    what: 'the replay queue grows without a limit',
    code: 'replay-queue-grows',
    partitions: null,
    skip: IS_CLASSIC ? false : 'only with the classic dispatcher',
    async make(lab, t) {
      await lab.join({name: 'worker-0', habit: 'ignore', type: 'Key_Shared', queue: 10})
      await lab.join({name: 'worker-1', habit: 'ack', type: 'Key_Shared'})
      await lab.publish(15_000, KEYS)
      keepPublishing(lab, t)
    },
    args: ['--stuck-after', '1h'],
    consumer: 'worker-0',
    message: /The replay queue has [0-9,]+ messages, .* for worker-0, which has no permits/,
  },
  {
    what: 'a consumer that joined waits for a message at an older consumer',
    code: 'joined-consumer-waits',
    partitions: null,
    skip: IS_CLASSIC ? false : 'only with the classic dispatcher',
    async make(lab) {
      await lab.join({
        name: 'worker-0',
        habit: ({key}) => (key === 'old' ? 'ignore' : 'ack'),
        type: 'Key_Shared',
      })
      await lab.publish(1, ['old'])
      await until('the delivery of the message', async () => (await unacked(lab)) === 1)
      await lab.join({name: 'worker-1', habit: 'ack', type: 'Key_Shared'})
      await lab.publish(100, KEYS)
    },
    consumer: 'worker-0',
    message: /worker-1 receives no messages until mark-delete passes .*The oldest unacked message is at worker-0/,
  },
]

/** Causes that public reports describe, made on a broker. */
export function reportedCauses(): readonly Cause[] {
  return REPORTED
}

async function setRate(lab: FaultLab, policy: string, body: object): Promise<void> {
  const {local, namespace, tenant} = lab.topic
  const path = `/persistent/${tenant}/${namespace}/${local}/${policy}`
  await ask(lab.place.addresses, 'POST', path, body)
  await until(`the policy ${policy}`, async () => (await ask(lab.place.addresses, 'GET', path)) !== null)
}

async function unacked(lab: FaultLab): Promise<number> {
  const {subscriptions = {}} = await lab.place.admin.topicStats(lab.topic)
  return subscriptions[SUB]?.unackedMessages ?? 0
}

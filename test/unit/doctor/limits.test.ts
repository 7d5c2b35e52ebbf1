import assert from 'node:assert/strict'
import {test} from 'node:test'

import {diagnose} from '../../../src/domain/doctor/diagnose.js'
import {snapshotOf, type SubscriptionSample, worker} from '../../support/faults/fault-replays.js'

test('a limit that its subscription or a consumer has passed, also one of the topic below that of the broker', () => {
  const passing = (type: string, unackedMessages: number, isBlocked = false): SubscriptionSample => ({
    ...{type, msgBacklog: 300, unackedMessages, blockedSubscriptionOnUnackedMsgs: isBlocked},
    consumers: [worker('a', {unackedMessages})],
  })
  const withLimits = (sample: SubscriptionSample, consumer: number, subscription: number): string[] => {
    const snapshot = snapshotOf(sample)
    const unknown = {value: null, origin: null}
    const decision = {
      ...{dispatchRate: unknown, topicDispatchRate: unknown, pausesOnAckStatePersistent: unknown},
      maxUnackedMessagesPerConsumer: {value: consumer, origin: 'topic' as const},
      maxUnackedMessagesPerSubscription: {value: subscription, origin: 'topic' as const},
    }
    const policies = {
      ...{bySubscription: {decision}, messageTtlSeconds: null},
      evictsAbove: {bytes: null, seconds: null},
    }
    const topics = snapshot.topics.map((topic) => ({...topic, policies}))
    return diagnose({...snapshot, topics}, 30_000).findings.map(
      ({code, message}) => `${code} ${/limit of .*? per \w+/.exec(message)?.[0] ?? ''}`,
    )
  }
  const ofBoth = withLimits(passing('Shared', 300), 100, 150)
  assert.deepEqual(ofBoth, [
    'limit-not-enforced limit of 150 per subscription',
    'limit-not-enforced limit of 100 per consumer',
  ])
  assert.deepEqual(withLimits(passing('Key_Shared', 300), 100, 0), ['limit-not-enforced limit of 100 per consumer'])
  assert.deepEqual(withLimits(passing('Shared', 140), 100, 150), [], 'as much as one read may pass it')
  assert.deepEqual(withLimits(passing('Failover', 300), 100, 150), [], 'the type has no such limit')
  assert.deepEqual(withLimits(passing('Shared', 300, true), 100, 150), ['subscription-blocked-on-unacked '])
})

import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {SubscriptionReport} from '../../../src/domain/subscriptions/inspect/subscription-report.js'
import type {TopicName} from '../../../src/topic-name.js'
import {askCli, type Document, parseDocument, runCli} from '../../support/shells/cli.js'
import {ask, brokerVersion, connectIdle, createTopic, live, type Place, until} from '../../support/servers/live.js'
import {brokerBehind} from '../../support/servers/proxy.js'
import {untilUnchanged} from '../../support/faults/topic-state.js'

const SUB = 'decision'
const RATE = {
  dispatchThrottlingRateInMsg: 100_000,
  dispatchThrottlingRateInByte: -1,
  relativeToPublishRate: false,
  ratePeriodInSecond: 1,
}
const is3 = brokerVersion.startsWith('3.')

/** A topic with policies at every level, some at two levels. */
async function limitedTopic(place: Place): Promise<TopicName> {
  const topic = await createTopic(place, {partitions: 2})
  await connectIdle(place, topic, SUB)
  await setAtTopic(place, topic, `${SUB}/dispatchRate`, RATE)
  await setAtTopic(place, topic, 'subscriptionDispatchRate', {...RATE, dispatchThrottlingRateInMsg: 7})
  await setAtTopic(place, topic, 'messageTTL?messageTTL=86400')
  await setAtTopic(place, topic, 'maxConsumers', 50)
  await setAtTopic(place, topic, 'subscriptionTypesEnabled', ['Exclusive', 'Shared'])
  await setAtTopic(place, topic, 'delayedDelivery', {active: true, tickTime: 2000})
  await setAtTopic(place, topic, 'retention', {retentionTimeInMinutes: 60, retentionSizeInMB: -1})
  if (!is3) await setAtTopic(place, topic, 'dispatcherPauseOnAckStatePersistent')
  const setAtNamespace = (path: string, body: unknown): Promise<unknown> =>
    ask(place.addresses, 'POST', `/namespaces/${place.namespace}/${path}`, body)
  await setAtNamespace('messageTTL', 30)
  await setAtNamespace('maxUnackedMessagesPerConsumer', 1234)
  await setAtNamespace('dispatchRate', {...RATE, dispatchThrottlingRateInMsg: 90_000})
  await setAtNamespace('subscribeRate', {subscribeThrottlingRatePerConsumer: 10, ratePeriodInSecond: 30})
  await setAtNamespace('subscriptionExpirationTime', 60)
  await setAtNamespace('backlogQuota?backlogQuotaType=message_age', {
    limitSize: -1,
    limitTime: 3600,
    policy: 'consumer_backlog_eviction',
  })
  return topic
}

/** Waits until the policy can be read, because a 3.0 broker loses a policy if the next one is set too early. */
async function setAtTopic({addresses}: Place, topic: TopicName, path: string, body?: unknown): Promise<void> {
  const url = `${topic.full.replace('persistent://', '/persistent/')}/${path}`
  await ask(addresses, 'POST', url, body)
  await until(`${path} to be readable`, async () => {
    const value = await ask(addresses, 'GET', url.split('?')[0] ?? '')
    return value !== null && value !== false && !(Array.isArray(value) && value.length === 0)
  })
}

async function inspect(topic: TopicName, adminUrl: string): Promise<Document<SubscriptionReport>> {
  const run = await runCli(['subscriptions', 'inspect', topic.full, SUB, '--json', '--admin-url', adminUrl])
  assert.equal(run.code, 0, run.stdout)
  return parseDocument<SubscriptionReport>(run.stdout)
}

test(
  'every effective policy has its origin, and reading changes nothing',
  live(async (_t, place) => {
    const topic = await limitedTopic(place)
    const snapshot = await untilUnchanged(place, [
      `${topic.full.replace('persistent://', '/persistent/')}/partitioned-stats?perPartition=true`,
      `${topic.full.replace('persistent://', '/persistent/')}/partitioned-internalStats`,
      `/namespaces/${place.namespace}`,
    ])
    const before = await snapshot()
    const {policies, policiesNotRead} = await askCli<SubscriptionReport>([
      ...['subscriptions', 'inspect', topic.full, SUB, '--oldest', '--cursors'],
    ])
    assert.deepEqual(await snapshot(), before, 'reading changes nothing')
    assert.deepEqual(policiesNotRead, [])
    const limit = {bytes: 0, periodSeconds: 1, isRelativeToPublishRate: false}
    const none = {...limit, messages: 0}
    assert.deepEqual(policies, {
      subscriptionTypesEnabled: {value: ['Exclusive', 'Shared'], origin: 'topic'},
      dispatchRate: {value: {...limit, messages: 100_000}, origin: 'subscription'},
      topicDispatchRate: {value: {...limit, messages: 90_000}, origin: 'namespace'},
      publishRate: {value: none, origin: 'broker'},
      subscribeRate: {value: {attempts: 10, periodSeconds: 30}, origin: 'namespace'},
      maxConsumersPerSubscription: {value: 0, origin: 'broker'},
      maxConsumersPerTopic: {value: 50, origin: 'topic'},
      maxUnackedMessagesPerConsumer: {value: 1234, origin: 'namespace'},
      maxUnackedMessagesPerSubscription: {value: 200_000, origin: 'broker'},
      messageTtlSeconds: {value: 86_400, origin: 'topic'},
      subscriptionExpirationMinutes: {value: 60, origin: 'namespace'},
      retention: {value: {minutes: 60, megabytes: -1}, origin: 'topic'},
      backlogSizeQuota: {value: {limit: 0, policy: 'producer_request_hold'}, origin: 'broker'},
      backlogAgeQuota: {value: {limit: 3600, policy: 'consumer_backlog_eviction'}, origin: 'namespace'},
      delayedDelivery: {value: {isActive: true, tickMs: 2000, maxDelayMs: is3 ? null : 0}, origin: 'topic'},
      pausesOnAckStatePersistent: is3 ? {value: null, origin: null} : {value: true, origin: 'topic'},
      isDeduplicated: {value: false, origin: 'broker'},
    } satisfies SubscriptionReport['policies'])
  }),
)

test(
  'a level without permission is unknown with a warning; a level that the broker lacks sets nothing',
  live(async (t, place) => {
    const topic = await limitedTopic(place)
    const ofTopic = new RegExp(`/${topic.local}/(?!partition|stats|${SUB}/)[A-Za-z]+$`)
    const refusing = (which: RegExp, status: number): Promise<string> =>
      brokerBehind(t, place.addresses.adminUrl, {
        refuse: (path) => (which.test(path.split('?')[0] ?? '') ? {status, body: '{"reason":"not for you"}'} : null),
      })

    const poor = await inspect(topic, await refusing(/configuration\/runtime$|\/namespaces\/[^/]+\/[^/]+$/, 403))
    assert.match(poor.warnings.join('\n'), /missing permission to read some policies of the namespace, broker;/)
    const {policies} = poor.result
    assert.deepEqual(policies.messageTtlSeconds, {value: 86_400, origin: 'topic'}, 'set at the topic')
    assert.deepEqual(policies.maxUnackedMessagesPerConsumer, {value: null, origin: null})
    assert.deepEqual(policies.isDeduplicated, {value: null, origin: null})

    const refused = await inspect(topic, await refusing(ofTopic, 403))
    assert.match(refused.warnings.join('\n'), /missing permission to read some policies of the topic;/)
    assert.deepEqual(
      refused.result.policies.messageTtlSeconds,
      {value: null, origin: null},
      'the topic may override it',
    )
    assert.equal(refused.result.policies.dispatchRate.origin, 'subscription')

    const off = await inspect(topic, await refusing(ofTopic, 405))
    assert.deepEqual(off.warnings, [])
    assert.deepEqual(off.result.policies.messageTtlSeconds, {value: 30, origin: 'namespace'})
  }),
)

import type {PublishRate, SubscribeRate} from '../../clients/pulsar-admin/policies.js'
import type {DispatchRate} from '../../clients/pulsar-admin/types.js'
import {type LevelValue, numberIn, type PolicySettings, type PolicySource} from './policy-levels.js'

/** The maximum per period; 0 means no limit. */
export interface RateLimit {
  messages: number
  bytes: number
  periodSeconds: number
  /** whether the publish rate is added to the limit */
  isRelativeToPublishRate: boolean
}

/** How often one consumer may subscribe per period; 0 means no limit. */
export interface AttemptLimit {
  attempts: number
  periodSeconds: number
}

export const dispatchRate: PolicySource<RateLimit> = {
  // At this level a rate of 0 counts as set: it exempts the subscription from the topic's rate.
  subscription: ofDispatch,
  topic: ({subscriptionDispatchRate: rate}) => rate && unlessUnlimited(ofDispatch(rate)),
  namespace: ({subscriptionDispatchRate: rates}, cluster) => ofCluster(rates, cluster, ofDispatch),
  broker: (settings) =>
    ofSettings(
      settings,
      'dispatchThrottlingRatePerSubscriptionInMsg',
      'dispatchThrottlingRatePerSubscriptionInByte',
      settings.dispatchThrottlingRateRelativeToPublishRate === 'true',
    ),
}

export const topicDispatchRate: PolicySource<RateLimit> = {
  topic: ({dispatchRate: rate}) => rate && unlessUnlimited(ofDispatch(rate)),
  namespace: ({clusterDispatchRate, topicDispatchRate: rates}, cluster) =>
    ofCluster({...clusterDispatchRate, ...rates}, cluster, ofDispatch),
  broker: (settings) =>
    ofSettings(
      settings,
      'dispatchThrottlingRatePerTopicInMsg',
      'dispatchThrottlingRatePerTopicInByte',
      settings.dispatchThrottlingRateRelativeToPublishRate === 'true',
    ),
}

export const publishRate: PolicySource<RateLimit> = {
  topic: ({publishRate: rate}) => rate && unlessUnlimited(ofPublish(rate)),
  namespace: ({publishMaxMessageRate: rates}, cluster) => ofCluster(rates, cluster, ofPublish),
  broker: (settings) =>
    ofSettings(settings, 'maxPublishRatePerTopicInMessages', 'maxPublishRatePerTopicInBytes', false),
}

export const subscribeRate: PolicySource<AttemptLimit> = {
  topic: ({subscribeRate: rate}) => rate && unlessUnlimited(ofSubscribe(rate)),
  namespace: ({clusterSubscribeRate: rates}, cluster) => ofCluster(rates, cluster, ofSubscribe),
  broker: (settings) => {
    const attempts = numberIn(settings, 'subscribeThrottlingRatePerConsumer')
    const periodSeconds = numberIn(settings, 'subscribeRatePeriodPerConsumerInSecond')
    return attempts === undefined || periodSeconds === undefined
      ? undefined
      : {attempts: Math.max(0, attempts), periodSeconds}
  },
}

function ofDispatch(rate: DispatchRate): RateLimit {
  return {
    messages: Math.max(0, rate.dispatchThrottlingRateInMsg),
    bytes: Math.max(0, rate.dispatchThrottlingRateInByte),
    periodSeconds: rate.ratePeriodInSecond,
    isRelativeToPublishRate: rate.relativeToPublishRate,
  }
}

function ofPublish({publishThrottlingRateInByte, publishThrottlingRateInMsg}: PublishRate): RateLimit {
  return {
    messages: Math.max(0, publishThrottlingRateInMsg),
    bytes: Math.max(0, publishThrottlingRateInByte),
    periodSeconds: 1,
    isRelativeToPublishRate: false,
  }
}

function ofSubscribe({ratePeriodInSecond, subscribeThrottlingRatePerConsumer}: SubscribeRate): AttemptLimit {
  return {attempts: Math.max(0, subscribeThrottlingRatePerConsumer), periodSeconds: ratePeriodInSecond}
}

/** At topic and namespace level, a rate of 0 is the same as not set. */
function unlessUnlimited<T extends AttemptLimit | RateLimit>(limit: T): T | null {
  const isUnlimited = 'attempts' in limit ? limit.attempts === 0 : limit.messages === 0 && limit.bytes === 0
  return isUnlimited ? null : limit
}

/** The broker applies the entry of its own cluster. The result is unknown when there are several entries and the cluster is unknown. */
function ofCluster<R, T extends AttemptLimit | RateLimit>(
  rates: Record<string, R> | undefined,
  cluster: string | undefined,
  limitOf: (rate: R) => T,
): LevelValue<T> {
  const known = Object.entries(rates ?? {})
  if (cluster === undefined && known.length > 1) return undefined
  const rate = known.find(([name]) => cluster === undefined || name === cluster)?.[1]
  return rate === undefined ? null : unlessUnlimited(limitOf(rate))
}

function ofSettings(
  settings: PolicySettings,
  ofMessages: keyof PolicySettings,
  ofBytes: keyof PolicySettings,
  isRelativeToPublishRate: boolean,
): RateLimit | undefined {
  const messages = numberIn(settings, ofMessages)
  const bytes = numberIn(settings, ofBytes)
  return messages === undefined || bytes === undefined
    ? undefined
    : {messages: Math.max(0, messages), bytes: Math.max(0, bytes), periodSeconds: 1, isRelativeToPublishRate}
}

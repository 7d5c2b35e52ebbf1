import type {PublishRate, SubscribeRate} from '../../clients/pulsar-admin/policies.js'
import type {DispatchRate} from '../../clients/pulsar-admin/types.js'
import {type LevelValue, numberIn, type PolicySettings, type PolicySource} from './policy-levels.js'

/** How much in which time; 0 is no limit. */
export interface RateLimit {
  messages: number
  bytes: number
  periodSeconds: number
  /** whether what is published comes on top */
  isRelativeToPublishRate: boolean
}

/** How often one consumer may subscribe; 0 is no limit. */
export interface AttemptLimit {
  attempts: number
  periodSeconds: number
}

export const dispatchRate: PolicySource<RateLimit> = {
  // Here a rate without a limit counts too: it frees the one subscription from the topic's.
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

/** The same as not set, for a topic and for a namespace. */
function unlessUnlimited<T extends AttemptLimit | RateLimit>(limit: T): T | null {
  const isUnlimited = 'attempts' in limit ? limit.attempts === 0 : limit.messages === 0 && limit.bytes === 0
  return isUnlimited ? null : limit
}

/** The broker goes by its own cluster's entry; which that is can't be told when several are there and it is not known. */
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

import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import type {TopicPolicyValues} from '../../clients/pulsar-admin/policies.js'
import type {SubscriptionStats} from '../../clients/pulsar-admin/types.js'
import type {TopicName} from '../../topic-name.js'
import {appliedPolicies} from '../policies/applied-policies.js'
import {collectNamespaceLevel, collectSubscriptionRate, collectTopicLevel} from '../policies/collect-policies.js'
import {evictsAbove} from '../policies/expiry-policies.js'
import {POLICY_SETTINGS, type PolicyLevels} from '../policies/policy-levels.js'
import {countsUnacked} from '../topic-stats/unacked-messages.js'
import {parseVersion} from '../keys/selectors/broker-version.js'
import type {SelectorSettingTexts} from '../keys/assignment/collect-key-shared.js'
import type {BrokerLimits, SubscriptionLimits, TopicLimits, TopicSample} from './facts/diagnosis-snapshot.js'
import {isNearHoleLimit} from './rules/limits.js'
import {throttledReads} from './rules/throttling.js'

export const LIMIT_SETTINGS = [
  ...POLICY_SETTINGS,
  'keySharedLookAheadMsgInReplayThresholdPerConsumer',
  'keySharedLookAheadMsgInReplayThresholdPerSubscription',
  'managedLedgerMaxUnackedRangesToPersist',
] as const
export type LimitSettings = Partial<Record<(typeof LIMIT_SETTINGS)[number], string>>

/** @param version of the broker */
export function brokerLimits(settings: (LimitSettings & SelectorSettingTexts) | null, version: string): BrokerLimits {
  const number = (name: keyof LimitSettings): number | null => {
    const text = settings?.[name]
    return text === undefined ? null : Number(text)
  }
  return {
    maxUnackedPerConsumer: number('maxUnackedMessagesPerConsumer'),
    maxUnackedPerSubscription: number('maxUnackedMessagesPerSubscription'),
    lookAheadPerConsumer: number('keySharedLookAheadMsgInReplayThresholdPerConsumer'),
    lookAheadPerSubscription: number('keySharedLookAheadMsgInReplayThresholdPerSubscription'),
    maxAckHolesKept: number('managedLedgerMaxUnackedRangesToPersist'),
    isKeySharedClassic: isKeySharedClassic(version, settings),
  }
}

/**
 * Reads the policies that drop messages, and for each subscription those that its statistics point to: dispatch rates only if
 * reads are throttled or nothing is delivered, and limits only near them. The others stay unknown.
 */
export async function collectTopicLimits(
  admin: PulsarAdmin,
  topic: TopicName,
  samples: readonly [TopicSample, TopicSample],
  {limits, settings}: {readonly limits: BrokerLimits; readonly settings: LimitSettings | null},
): Promise<TopicLimits> {
  const needs = needsOf(samples, limits)
  const names: ReadonlyArray<keyof TopicPolicyValues> = [
    'messageTTL',
    'backlogQuotaMap',
    ...new Set([...needs.values()].flat()),
  ]
  const rated = [...needs].flatMap(([name, policies]) => (policies.includes('dispatchRate') ? [name] : []))
  const [ofTopic, namespace, ...rates] = await Promise.all([
    collectTopicLevel(admin, topic, names),
    collectNamespaceLevel(admin, topic),
    ...rated.map((name) => collectSubscriptionRate(admin, topic, name)),
  ])
  const rateOf = new Map(rated.map((name, at) => [name, rates[at]]))
  const levels: PolicyLevels = {subscription: null, topic: ofTopic, namespace, settings}
  const {backlogAgeQuota, backlogSizeQuota, messageTtlSeconds} = appliedPolicies(levels)
  return {
    bySubscription: Object.fromEntries(
      [...needs.keys()].map((name) => [name, subscriptionLimits({...levels, subscription: rateOf.get(name)})]),
    ),
    messageTtlSeconds: messageTtlSeconds.value,
    evictsAbove: {bytes: evictsAbove(backlogSizeQuota), seconds: evictsAbove(backlogAgeQuota)},
  }
}

function subscriptionLimits(levels: PolicyLevels): SubscriptionLimits {
  const {
    dispatchRate,
    maxUnackedMessagesPerConsumer,
    maxUnackedMessagesPerSubscription,
    pausesOnAckStatePersistent,
    topicDispatchRate,
  } = appliedPolicies(levels)
  return {
    dispatchRate,
    maxUnackedMessagesPerConsumer,
    maxUnackedMessagesPerSubscription,
    pausesOnAckStatePersistent,
    topicDispatchRate,
  }
}

/** The topic policies that the statistics of each subscription point to; subscriptions without any are missing. */
function needsOf(
  [first, last]: readonly [TopicSample, TopicSample],
  limits: BrokerLimits,
): Map<string, Array<keyof TopicPolicyValues>> {
  const needs = new Map<string, Array<keyof TopicPolicyValues>>()
  const earlierBy = new Map(first.partitions.map((row) => [row.partition, row.subscriptions]))
  for (const {partition, subscriptions} of last.partitions) {
    const earlier = earlierBy.get(partition) ?? {}
    for (const [name, now] of Object.entries(subscriptions)) {
      const policies = policiesFor(earlier[name] ?? {}, now, limits)
      if (policies.length > 0) needs.set(name, [...(needs.get(name) ?? []), ...policies])
    }
  }
  return needs
}

function policiesFor(
  before: SubscriptionStats,
  now: SubscriptionStats,
  {maxAckHolesKept}: BrokerLimits,
): Array<keyof TopicPolicyValues> {
  const counts = now.dispatchThrottledMsgEventsBySubscriptionLimit !== undefined
  const isStill = (now.msgBacklog ?? 0) > 0 && now.msgOutCounter === before.msgOutCounter
  const isThrottled = counts ? throttledReads(before, now).length > 0 : isStill
  return [
    ...(isThrottled ? (['subscriptionDispatchRate', 'dispatchRate'] as const) : []),
    ...(isUnblocked(before, now)
      ? (['maxUnackedMessagesOnSubscription', 'maxUnackedMessagesOnConsumer'] as const)
      : []),
    ...(isNearHoleLimit(now.nonContiguousDeletedMessagesRanges, maxAckHolesKept)
      ? (['dispatcherPauseOnAckStatePersistent'] as const)
      : []),
  ]
}

/** A limit of unacked messages matters where it may have been passed: a topic's own limit can be far below the broker's. */
function isUnblocked(before: SubscriptionStats, now: SubscriptionStats): boolean {
  return [before, now].every(
    (one) => countsUnacked(one) && (one.unackedMessages ?? 0) > 0 && one.blockedSubscriptionOnUnackedMsgs !== true,
  )
}

/** Before 4.0 there is only the classic dispatcher, and 5.0 has removed it. @see apache/pulsar #23352, #26687 */
function isKeySharedClassic(versionText: string, settings: SelectorSettingTexts | null): boolean | null {
  const version = parseVersion(versionText)
  if (version === null) return null
  if (version.major !== 4) return version.major < 4
  return settings === null ? null : settings.subscriptionKeySharedUseClassicPersistentImplementation === 'true'
}

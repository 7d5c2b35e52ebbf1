import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import {orWhenRefused} from '../../clients/pulsar-admin/admin-refused.js'
import type {DispatchRate} from '../../clients/pulsar-admin/types.js'
import type {TopicName} from '../../topic-name.js'
import {collectNamespaceLevel, collectTopicLevel} from '../policies/collect-policies.js'
import {appliedExpiry, evictsAbove} from '../policies/expiry-policies.js'
import {POLICY_SETTINGS} from '../policies/policy-levels.js'
import type {BrokerLimits, TopicLimits} from './facts/diagnosis-snapshot.js'

export const LIMIT_SETTINGS = [
  ...POLICY_SETTINGS,
  'keySharedLookAheadMsgInReplayThresholdPerConsumer',
  'keySharedLookAheadMsgInReplayThresholdPerSubscription',
  'managedLedgerMaxUnackedRangesToPersist',
] as const
export type LimitSettings = Partial<Record<(typeof LIMIT_SETTINGS)[number], string>>

export function brokerLimits(settings: LimitSettings | null): BrokerLimits {
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
  }
}

/** @param subscriptions those whose own dispatch rates are read. */
export async function collectTopicLimits(
  admin: PulsarAdmin,
  topic: TopicName,
  subscriptions: readonly string[],
  settings: LimitSettings | null,
): Promise<TopicLimits> {
  const [dispatchRates, ofTopic, namespace] = await Promise.all([
    collectDispatchRates(admin, topic, subscriptions),
    collectTopicLevel(admin, topic, ['messageTTL', 'backlogQuotaMap']),
    collectNamespaceLevel(admin, topic),
  ])
  const {backlogAgeQuota, backlogSizeQuota, messageTtlSeconds} = appliedExpiry({
    subscription: null,
    topic: ofTopic,
    namespace,
    settings,
  })
  return {
    dispatchRates,
    messageTtlSeconds: messageTtlSeconds.value,
    evictsAbove: {bytes: evictsAbove(backlogSizeQuota), seconds: evictsAbove(backlogAgeQuota)},
  }
}

/** Empty if this login may not read them, or if topic policies are disabled in the cluster. */
async function collectDispatchRates(
  admin: PulsarAdmin,
  topic: TopicName,
  subscriptions: readonly string[],
): Promise<Record<string, DispatchRate | null>> {
  const rates = subscriptions.map(async (name) => [name, await admin.subscriptionDispatchRate(topic, name)] as const)
  return Object.fromEntries(await orWhenRefused(Promise.all(rates), []))
}

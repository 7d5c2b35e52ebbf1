import type {BacklogQuota} from '../../clients/pulsar-admin/types.js'
import {
  type AppliedPolicy,
  type LevelValue,
  numberIn,
  numberSource,
  type PolicyLevels,
  type PolicySettings,
  type PolicySource,
  resolvePolicy,
} from './policy-levels.js'

/** 0 means no limit. */
export interface QuotaLimit {
  limit: number
  /** `consumer_backlog_eviction` drops the oldest messages; the other values stop producers */
  policy: string
}

/** Limits on the age and size of a backlog. 0 means no limit. */
export interface AppliedExpiry {
  messageTtlSeconds: AppliedPolicy<number>
  /** a subscription without consumers is deleted after this time */
  subscriptionExpirationMinutes: AppliedPolicy<number>
  /** limit in bytes */
  backlogSizeQuota: AppliedPolicy<QuotaLimit>
  /** limit in seconds */
  backlogAgeQuota: AppliedPolicy<QuotaLimit>
}

/** The topic policies that `appliedExpiry` needs. */
export const EXPIRY_POLICIES = ['messageTTL', 'subscriptionExpirationTime', 'backlogQuotaMap'] as const

const messageTtl = numberSource('messageTTL', 'message_ttl_in_seconds', 'ttlDurationDefaultInSeconds')
const subscriptionExpiration = numberSource(
  'subscriptionExpirationTime',
  'subscription_expiration_time_minutes',
  'subscriptionExpirationTimeMinutes',
)
const sizeQuota = quotaSource('destination_storage', 'limitSize', (settings) => {
  const gigabytes = numberIn(settings, 'backlogQuotaDefaultLimitGB') ?? 0
  return gigabytes > 0 ? gigabytes * 2 ** 30 : numberIn(settings, 'backlogQuotaDefaultLimitBytes')
})
const ageQuota = quotaSource('message_age', 'limitTime', (settings) =>
  numberIn(settings, 'backlogQuotaDefaultLimitSecond'),
)

export function appliedExpiry(levels: PolicyLevels): AppliedExpiry {
  return {
    messageTtlSeconds: resolvePolicy(levels, messageTtl),
    subscriptionExpirationMinutes: resolvePolicy(levels, subscriptionExpiration),
    backlogSizeQuota: resolvePolicy(levels, sizeQuota),
    backlogAgeQuota: resolvePolicy(levels, ageQuota),
  }
}

/** The limit above which the oldest messages are dropped; null when none are dropped or it is unknown. */
export function evictsAbove({value}: AppliedPolicy<QuotaLimit>): number | null {
  return value?.policy === 'consumer_backlog_eviction' && value.limit > 0 ? value.limit : null
}

function quotaSource(
  kind: 'destination_storage' | 'message_age',
  of: 'limitSize' | 'limitTime',
  byDefault: (settings: PolicySettings) => number | undefined,
): PolicySource<QuotaLimit> {
  const limitOf = (quotas: Record<string, BacklogQuota>): LevelValue<QuotaLimit> => {
    const quota = quotas[kind]
    return quota ? {limit: Math.max(0, quota[of] ?? 0), policy: quota.policy ?? ''} : null
  }
  return {
    topic: ({backlogQuotaMap: quotas}) => quotas && limitOf(quotas),
    namespace: ({backlog_quota_map: quotas = {}}) => limitOf(quotas),
    broker: (settings) => {
      const limit = byDefault(settings)
      const policy = settings.backlogQuotaDefaultRetentionPolicy
      return limit === undefined || policy === undefined ? undefined : {limit: Math.max(0, limit), policy}
    },
  }
}

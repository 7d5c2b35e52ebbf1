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

/** 0 is no limit. */
export interface QuotaLimit {
  limit: number
  /** `consumer_backlog_eviction` drops the oldest messages; the others stop producers */
  policy: string
}

/** What is done to messages that wait too long, or are too many. Of a number, 0 is no limit, or never. */
export interface AppliedExpiry {
  messageTtlSeconds: AppliedPolicy<number>
  /** a subscription without consumers is deleted after so long */
  subscriptionExpirationMinutes: AppliedPolicy<number>
  /** in bytes */
  backlogSizeQuota: AppliedPolicy<QuotaLimit>
  /** in seconds */
  backlogAgeQuota: AppliedPolicy<QuotaLimit>
}

/** The topic's own policies that `appliedExpiry` needs. */
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

/** The limit above which the oldest messages are dropped; null where none are, or it is not known. */
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

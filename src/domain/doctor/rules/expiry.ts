import type {PartitionFacts} from '../facts/partition-facts.js'
import {backlogOf, type SubscriptionFacts, whereText} from '../facts/subscription-facts.js'
import type {Draft, Remedy} from '../facts/doctor-finding.js'
import {evidence} from '../facts/evidence.js'
import {pulsarAdmin} from '../facts/remedies.js'

const SOON = 0.5

/** Policies that drop unacked messages. No client gets an error when that happens. */
export function expiryRules(facts: SubscriptionFacts): Draft[] {
  return [...expires(facts), ...evicted(facts)]
}

function expires(facts: SubscriptionFacts): Draft[] {
  const limit = facts.messageTtlSeconds ?? 0
  const rows = olderThan(facts, SOON * limit)
  if (limit === 0 || rows.length === 0) return []
  return [
    {
      code: 'backlog-expires',
      severity: 'warn',
      message: `The oldest messages${whereText(rows)} have passed half of the message TTL; the broker drops messages older than ${String(limit)} s`,
      partitions: rows.map(({partition}) => partition),
      evidence: [evidence('messageTTL', `${String(limit)} s`), ...rows.map((row) => ageOf(facts, row))],
      remedies: [
        {
          command: pulsarAdmin('topicPolicies set-message-ttl', '--ttl', '0', facts.topic),
          cost: 'messages of all subscriptions of the topic stop expiring and use more disk, until the TTL is set again',
        },
      ],
    },
  ]
}

/** The broker compares the quota with the backlog of the slowest subscription, at intervals. */
function evicted(facts: SubscriptionFacts): Draft[] {
  const {bytes, seconds} = facts.evictsAbove
  const large = bytes === null ? [] : facts.partitions.filter(({now}) => (now.backlogSize ?? 0) > SOON * bytes)
  const old = seconds === null ? [] : olderThan(facts, SOON * seconds)
  const rows = [...new Set([...large, ...old])]
  if (rows.length === 0) return []
  const limits = [
    ...(bytes === null ? [] : [`${String(bytes)} bytes`]),
    ...(seconds === null ? [] : [`${String(seconds)} s`]),
  ]
  return [
    {
      code: 'backlog-evicted',
      severity: 'warn',
      message: `The backlog${whereText(rows)} has passed half of a quota; the broker drops the oldest messages above ${limits.join(' or ')}`,
      partitions: rows.map(({partition}) => partition),
      evidence: [
        evidence('backlogQuotaMap', `consumer_backlog_eviction above ${limits.join(', ')}`),
        ...large.map(({now, partition}) => evidence('backlogSize', now.backlogSize, partition)),
        ...old.map((row) => ageOf(facts, row)),
      ],
      remedies: [
        ...(bytes !== null && large.length > 0 ? [blockProducers(facts, ['--limit', String(bytes)])] : []),
        ...(seconds !== null && old.length > 0
          ? [blockProducers(facts, ['--type', 'message_age', '--limitTime', String(seconds)])]
          : []),
      ],
    },
  ]
}

function blockProducers({topic}: SubscriptionFacts, limit: readonly string[]): Remedy {
  return {
    command: pulsarAdmin('topicPolicies set-backlog-quota', ...limit, '--policy', 'producer_request_hold', topic),
    cost: 'above the limit the broker blocks producers instead of dropping messages',
  }
}

function olderThan(facts: SubscriptionFacts, seconds: number): PartitionFacts[] {
  return facts.partitions.filter((row) => backlogOf(row) > 0 && ageSecondsOf(facts, row) > seconds)
}

/** 0 if unknown. */
function ageSecondsOf({nowMs}: SubscriptionFacts, {now}: PartitionFacts): number {
  const published = now.earliestMsgPublishTimeInBacklog ?? 0
  return published > 0 ? (nowMs - published) / 1000 : 0
}

function ageOf(facts: SubscriptionFacts, row: PartitionFacts): Draft['evidence'][number] {
  return evidence(
    'earliestMsgPublishTimeInBacklog',
    `${String(Math.round(ageSecondsOf(facts, row)))} s ago`,
    row.partition,
  )
}

import {backlogOf, type PartitionFacts, type SubscriptionFacts, whereText} from '../facts/subscription-facts.js'
import type {Draft} from '../facts/doctor-finding.js'

const SOON = 0.5

/** Policies that drop messages which wait: they are lost without a word to anybody. */
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
      message: `the oldest messages${whereText(rows)} are dropped when they are ${String(limit)} s old, and are more than half as old`,
      partitions: rows.map(({partition}) => partition),
      evidence: [{field: 'messageTTL', value: `${String(limit)} s`}, ...rows.map((row) => ageOf(facts, row))],
      remedies: [
        {
          command: `pulsar-admin topicPolicies set-message-ttl --ttl 0 ${facts.topic}`,
          cost: 'none of the topic expires until it is set back: more disk',
        },
      ],
    },
  ]
}

/** The broker looks at the size of the slowest subscription's backlog, from time to time. */
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
      message: `a backlog quota drops the oldest messages${whereText(rows)} beyond ${limits.join(' or ')}, and half of that waits`,
      partitions: rows.map(({partition}) => partition),
      evidence: [
        {field: 'backlogQuotaMap', value: `consumer_backlog_eviction above ${limits.join(', ')}`},
        ...large.map(({now}) => ({field: 'backlogSize', value: String(now.backlogSize ?? 0)})),
        ...old.map((row) => ageOf(facts, row)),
      ],
      remedies: [
        {
          command: `pulsar-admin topicPolicies set-backlog-quota --limit SIZE --policy producer_request_hold ${facts.topic}`,
          cost: 'above the limit producers wait, instead of messages being dropped',
        },
      ],
    },
  ]
}

function olderThan(facts: SubscriptionFacts, seconds: number): PartitionFacts[] {
  return facts.partitions.filter((row) => backlogOf(row) > 0 && ageSecondsOf(facts, row) > seconds)
}

/** 0 where it is not known. */
function ageSecondsOf({nowMs}: SubscriptionFacts, {now}: PartitionFacts): number {
  const published = now.earliestMsgPublishTimeInBacklog ?? 0
  return published > 0 ? (nowMs - published) / 1000 : 0
}

function ageOf(facts: SubscriptionFacts, row: PartitionFacts): Draft['evidence'][number] {
  return {field: 'earliestMsgPublishTimeInBacklog', value: `${String(Math.round(ageSecondsOf(facts, row)))} s ago`}
}

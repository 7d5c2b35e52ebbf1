import {
  isNotDelivered,
  nameOf,
  type PartitionFacts,
  type SubscriptionFacts,
  whereText,
} from '../facts/subscription-facts.js'
import {clientNameOf} from '../../topic-stats/consumers.js'
import type {Draft} from '../facts/doctor-finding.js'
import {inspectCommand, restartConsumer, unloadTopic} from './remedies.js'

/** Key_Shared reads no further when so many messages wait to be delivered again, for others have to come first. */
export function isLookAheadFull({settings, type}: SubscriptionFacts, {now}: PartitionFacts): boolean {
  const {consumers = [], msgInReplay = 0} = now
  const limit = lookAheadLimit(settings, consumers.length)
  return type === 'Key_Shared' && limit !== null && consumers.length > 0 && msgInReplay >= limit
}

/** @see apache/pulsar #23231 keySharedLookAheadMsgInReplayThresholdPerConsumer, …PerSubscription (4.0); 0 is no limit. */
function lookAheadLimit(
  {lookAheadPerConsumer, lookAheadPerSubscription}: SubscriptionFacts['settings'],
  consumers: number,
): number | null {
  const limits = [
    ...(lookAheadPerConsumer !== null && lookAheadPerConsumer > 0 ? [lookAheadPerConsumer * consumers] : []),
    ...(lookAheadPerSubscription !== null && lookAheadPerSubscription > 0 ? [lookAheadPerSubscription] : []),
  ]
  return limits.length === 0 ? null : Math.min(...limits)
}

/** Limits that stop a whole subscription, and rates that hold it back. */
export function limitRules(facts: SubscriptionFacts): Draft[] {
  return [...subscriptionBlocked(facts), ...lookAheadFull(facts), ...throttled(facts), ...ackHoles(facts)]
}

function subscriptionBlocked(facts: SubscriptionFacts): Draft[] {
  const rows = facts.partitions.filter(({now}) => now.blockedSubscriptionOnUnackedMsgs === true)
  if (rows.length === 0) return []
  const holder = mostUnacked(rows)
  return [
    {
      code: 'subscription-blocked-on-unacked',
      severity: 'error',
      message:
        `nobody gets anything more${whereText(rows)}: ${String(sum(rows, ({now}) => now.unackedMessages))} messages are ` +
        `unacknowledged, as many as one subscription may have${holder ? `; ${nameOf(holder)} has most of them` : ''}`,
      partitions: rows.map(({partition}) => partition),
      consumer: holder ? clientNameOf(holder) : null,
      evidence: rows.flatMap(({now}) => [
        {field: 'blockedSubscriptionOnUnackedMsgs', value: 'true'},
        {field: 'unackedMessages', value: String(now.unackedMessages ?? 'unknown')},
      ]),
      remedies: [
        inspectCommand(facts),
        ...(holder ? [restartConsumer(nameOf(holder))] : []),
        {
          command: 'raise maxUnackedMessagesPerSubscription of the topic',
          cost: 'more messages come again when a consumer goes',
        },
        unloadTopic(facts),
      ],
    },
  ]
}

function lookAheadFull(facts: SubscriptionFacts): Draft[] {
  const rows = facts.partitions.filter((row) => isLookAheadFull(facts, row))
  if (rows.length === 0) return []
  const holder = mostUnacked(rows)
  return [
    {
      code: 'look-ahead-full',
      severity: 'error',
      message:
        `the broker reads no further${whereText(rows)}: ${String(sum(rows, ({now}) => now.msgInReplay))} messages that were read ` +
        `wait for their key's consumer${holder ? `; ${nameOf(holder)} has most unacknowledged ones` : ''}`,
      partitions: rows.map(({partition}) => partition),
      consumer: holder ? clientNameOf(holder) : null,
      evidence: [
        ...rows.map(({now}) => ({field: 'msgInReplay', value: String(now.msgInReplay ?? 0)})),
        {
          field: 'keySharedLookAheadMsgInReplayThresholdPerConsumer',
          value: String(facts.settings.lookAheadPerConsumer ?? 'unknown'),
        },
      ],
      remedies: [
        inspectCommand(facts),
        ...(holder ? [restartConsumer(nameOf(holder))] : []),
        {
          command: 'raise keySharedLookAheadMsgInReplayThresholdPerConsumer',
          cost: 'a broker setting: more memory for every Key_Shared subscription',
        },
      ],
      links: ['apache/pulsar#23231 (4.0.0)'],
    },
  ]
}

/** Counted since 4.0.7; before, a rate that is set while nothing moves. */
function throttled(facts: SubscriptionFacts): Draft[] {
  const {dispatchRate} = facts
  const rows = facts.partitions.filter((row) => {
    const count = row.now.dispatchThrottledMsgEventsBySubscriptionLimit
    if (count === undefined) return dispatchRate !== null && isNotDelivered(row)
    return count > (row.before.dispatchThrottledMsgEventsBySubscriptionLimit ?? 0)
  })
  if (rows.length === 0) return []
  const isHeld = rows.some(isNotDelivered)
  const rate = dispatchRate
    ? `${String(dispatchRate.dispatchThrottlingRateInMsg)} messages in ${String(dispatchRate.ratePeriodInSecond)} s`
    : 'a rate of the namespace or the broker'
  return [
    {
      code: 'dispatch-throttled',
      severity: isHeld ? 'error' : 'warn',
      message: `delivery is ${isHeld ? 'held' : 'slowed down'}${whereText(rows)} by the subscription's dispatch rate, ${rate}`,
      partitions: rows.map(({partition}) => partition),
      evidence: [
        ...rows.map(({now}) => ({
          field: 'dispatchThrottledMsgEventsBySubscriptionLimit',
          value: String(now.dispatchThrottledMsgEventsBySubscriptionLimit ?? 'not counted'),
        })),
        {field: 'subscriptionDispatchRate', value: rate},
      ],
      remedies: [
        {
          command: 'keyshift migrate list',
          cost: 'none: a migration that is under way, or stopped, holds delivery like this',
        },
        {
          command: `pulsar-admin topicPolicies remove-subscription-dispatch-rate ${facts.topic}`,
          cost: 'the consumers get all that waits, as fast as they ask',
        },
      ],
    },
  ]
}

const NEAR = 0.8

/** More than the broker keeps are forgotten when the topic is loaded again: those messages come once more. */
function ackHoles(facts: SubscriptionFacts): Draft[] {
  const limit = facts.settings.maxAckHolesKept
  if (limit === null) return []
  const rows = facts.partitions.filter(({now}) => (now.nonContiguousDeletedMessagesRanges ?? 0) > NEAR * limit)
  if (rows.length === 0) return []
  return [
    {
      code: 'ack-holes-near-limit',
      severity: 'warn',
      message:
        `so many messages are acknowledged out of order${whereText(rows)} that the broker soon keeps them no longer: ` +
        'those above the limit come again when the topic is loaded afresh',
      partitions: rows.map(({partition}) => partition),
      evidence: [
        ...rows.map(({now}) => ({
          field: 'nonContiguousDeletedMessagesRanges',
          value: String(now.nonContiguousDeletedMessagesRanges ?? 0),
        })),
        {field: 'managedLedgerMaxUnackedRangesToPersist', value: String(limit)},
      ],
      remedies: [
        {
          command: `keyshift subscriptions inspect ${facts.topic} ${facts.subscription}`,
          cost: 'none: find who does not acknowledge the oldest messages',
        },
        {command: 'raise managedLedgerMaxUnackedRangesToPersist', cost: 'a broker setting: larger cursors'},
      ],
    },
  ]
}

function mostUnacked(rows: readonly PartitionFacts[]): PartitionFacts['consumers'][number]['now'] | null {
  const [most] = rows
    .flatMap(({consumers}) => consumers.map(({now}) => now))
    .filter(({unackedMessages}) => (unackedMessages ?? 0) > 0)
    .toSorted((a, b) => (b.unackedMessages ?? 0) - (a.unackedMessages ?? 0))
  return most ?? null
}

function sum(rows: readonly PartitionFacts[], of: (row: PartitionFacts) => number | undefined): number {
  return rows.reduce((total, row) => total + (of(row) ?? 0), 0)
}

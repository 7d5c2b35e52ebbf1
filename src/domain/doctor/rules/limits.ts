import {
  isNotDelivered,
  nameOf,
  type PartitionFacts,
  type SubscriptionFacts,
  whereText,
} from '../facts/subscription-facts.js'
import {clientNameOf} from '../../topic-stats/consumers.js'
import type {Draft} from '../facts/doctor-finding.js'
import {evidence} from '../facts/evidence.js'
import {suggestedCommand} from '../../../suggested-command.js'
import {counted, numberText} from '../../../wording.js'
import {inspectCommand, pulsarAdmin, restartConsumer, unloadTopic} from './remedies.js'

/** Key_Shared stops reading when the replay queue reaches this limit. It fills while older messages of the same keys are unacked. */
export function isLookAheadFull({settings, type}: SubscriptionFacts, {now}: PartitionFacts): boolean {
  const {consumers = [], msgInReplay = 0} = now
  const limit = lookAheadLimit(settings, consumers.length)
  return type === 'Key_Shared' && limit !== null && consumers.length > 0 && msgInReplay >= limit
}

/** A setting of 0 means that there is no limit. @see apache/pulsar #23231 keySharedLookAheadMsgInReplayThresholdPerConsumer, …PerSubscription (4.0) */
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

/** Limits that stop the whole subscription, and dispatch rates that slow it down. */
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
        `The broker sends no more messages to any consumer${whereText(rows)}: the subscription reached its limit with ` +
        `${counted(
          sum(rows, ({now}) => now.unackedMessages),
          'unacked message',
        )}${mostText(holder)}`,
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
          command:
            'raise the limit of unacked messages per subscription (maxUnackedMessagesOnSubscription) of the topic',
          cost: 'more messages are redelivered when a consumer disconnects',
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
        `The broker stopped reading${whereText(rows)}: the replay queue reached its limit with ` +
        `${counted(
          sum(rows, ({now}) => now.msgInReplay),
          'message',
        )} that cannot be delivered to the consumers of their keys yet${mostText(holder)}`,
      partitions: rows.map(({partition}) => partition),
      consumer: holder ? clientNameOf(holder) : null,
      evidence: [
        ...rows.map(({now}) => evidence('msgInReplay', now.msgInReplay)),
        evidence('keySharedLookAheadMsgInReplayThresholdPerConsumer', facts.settings.lookAheadPerConsumer ?? undefined),
      ],
      remedies: [
        inspectCommand(facts),
        ...(holder ? [restartConsumer(nameOf(holder))] : []),
        {
          command: 'raise keySharedLookAheadMsgInReplayThresholdPerConsumer',
          cost: 'a broker setting; every Key_Shared subscription may use more memory',
        },
      ],
      links: ['apache/pulsar#23231 (4.0.0)'],
    },
  ]
}

/** Brokers count throttled reads since 4.0.7. On older ones a rate that is set while nothing is delivered is the evidence. */
function throttled(facts: SubscriptionFacts): Draft[] {
  const {dispatchRate} = facts
  const rows = facts.partitions.filter((row) => {
    const count = row.now.dispatchThrottledMsgEventsBySubscriptionLimit
    if (count === undefined) return dispatchRate !== null && isNotDelivered(row)
    return count > (row.before.dispatchThrottledMsgEventsBySubscriptionLimit ?? 0)
  })
  if (rows.length === 0) return []
  const isStopped = rows.some(isNotDelivered)
  const rate = dispatchRate
    ? `${counted(dispatchRate.dispatchThrottlingRateInMsg, 'message')} per ${numberText(dispatchRate.ratePeriodInSecond)} s`
    : 'set on the namespace or the broker'
  return [
    {
      code: 'dispatch-throttled',
      severity: isStopped ? 'error' : 'warn',
      message: `The subscription dispatch rate ${isStopped ? 'stops' : 'slows down'} delivery${whereText(rows)}: ${rate}`,
      partitions: rows.map(({partition}) => partition),
      evidence: [
        ...rows.map(({now}) =>
          evidence(
            'dispatchThrottledMsgEventsBySubscriptionLimit',
            now.dispatchThrottledMsgEventsBySubscriptionLimit ?? 'not counted',
          ),
        ),
        evidence('subscriptionDispatchRate', rate),
      ],
      remedies: [
        {
          command: suggestedCommand('migrate', 'list'),
          cost: 'none (shows whether a running or interrupted migration pauses delivery)',
        },
        {
          command: pulsarAdmin(
            ...['topicPolicies', 'remove-subscription-dispatch-rate'],
            ...(dispatchRate ? ['--subscription', facts.subscription] : []),
            facts.topic,
          ),
          cost: 'consumers receive the whole backlog as fast as they request it',
        },
      ],
    },
  ]
}

const NEAR = 0.8

/** The broker persists ack holes up to a limit. Acknowledgements above it are lost when the topic is reloaded. */
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
        `More than ${String(NEAR * 100)} % of the ${counted(limit, 'ack hole')} that the broker persists are in use${whereText(rows)}; ` +
        'messages acknowledged above the limit are delivered again when the topic is reloaded',
      partitions: rows.map(({partition}) => partition),
      evidence: [
        ...rows.map(({now}) => evidence('nonContiguousDeletedMessagesRanges', now.nonContiguousDeletedMessagesRanges)),
        evidence('managedLedgerMaxUnackedRangesToPersist', limit),
      ],
      remedies: [
        {...inspectCommand(facts), cost: 'none (shows which consumer does not ack the oldest messages)'},
        {command: 'raise managedLedgerMaxUnackedRangesToPersist', cost: 'a broker setting; larger cursors'},
      ],
    },
  ]
}

function mostText(holder: ReturnType<typeof mostUnacked>): string {
  return holder ? `. ${nameOf(holder)} has the most: ${numberText(holder.unackedMessages ?? 0)} unacked` : ''
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

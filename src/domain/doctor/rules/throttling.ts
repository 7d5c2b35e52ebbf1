import type {SubscriptionStats} from '../../../clients/pulsar-admin/types.js'
import {counted, numberText} from '../../../wording.js'
import type {AppliedPolicy, PolicyOrigin} from '../../policies/policy-levels.js'
import type {RateLimit} from '../../policies/rate-policies.js'
import {rise} from '../../progress/counters.js'
import {evidence} from '../facts/evidence.js'
import type {Draft, Remedy} from '../facts/doctor-finding.js'
import type {PartitionFacts} from '../facts/partition-facts.js'
import {isNotDelivered, type SubscriptionFacts, whereText} from '../facts/subscription-facts.js'
import {inspectCommand, namespaceOf, keyshift, pulsarAdmin} from '../facts/remedies.js'

/** Whose rate the broker reached when it throttled a read. */
type RateOf = 'broker' | 'subscription' | 'topic'

type Counter = Extract<keyof SubscriptionStats, `dispatchThrottled${string}`>

/** How often the broker read less than it could, because of a rate. Brokers count this since 4.0.7. */
const COUNTERS: ReadonlyArray<readonly [Counter, RateOf]> = [
  ['dispatchThrottledMsgEventsBySubscriptionLimit', 'subscription'],
  ['dispatchThrottledBytesEventsBySubscriptionLimit', 'subscription'],
  ['dispatchThrottledMsgEventsByTopicLimit', 'topic'],
  ['dispatchThrottledBytesEventsByTopicLimit', 'topic'],
  ['dispatchThrottledMsgEventsByBrokerLimit', 'broker'],
  ['dispatchThrottledBytesEventsByBrokerLimit', 'broker'],
]

/** Dispatch rates that slow delivery down or stop it: one finding for each rate. */
export function throttlingRules(facts: SubscriptionFacts): Draft[] {
  return (['subscription', 'topic', 'broker'] as const).flatMap((of) => {
    const rows = facts.partitions.filter((row) => isThrottledBy(facts, row, of))
    return rows.length === 0 ? [] : [throttled(facts, rows, of)]
  })
}

/** Whether a dispatch rate explains that nothing, or little, is delivered. */
export function isThrottled(facts: SubscriptionFacts, row: PartitionFacts): boolean {
  return (['subscription', 'topic', 'broker'] as const).some((of) => isThrottledBy(facts, row, of))
}

/** The counters of throttled reads that rose between two samples. Whether a rate has to be read depends on it. */
export function throttledReads(before: SubscriptionStats, now: SubscriptionStats): Counter[] {
  return COUNTERS.flatMap(([counter]) => ((rise(before[counter], now[counter]) ?? 0) > 0 ? [counter] : []))
}

/** On brokers that do not count throttled reads, a rate that is set while nothing is delivered is the evidence. */
function isThrottledBy(facts: SubscriptionFacts, row: PartitionFacts, of: RateOf): boolean {
  const counters = COUNTERS.filter(([, rateOf]) => rateOf === of).map(([counter]) => counter)
  if (counters.some((counter) => row.now[counter] !== undefined))
    return throttledReads(row.before, row.now).some((counter) => counters.includes(counter))
  return isNotDelivered(row) && isLimited(rateOf(facts, of))
}

function rateOf({limits}: SubscriptionFacts, of: RateOf): AppliedPolicy<RateLimit> | null {
  if (limits === null || of === 'broker') return null
  return of === 'subscription' ? limits.dispatchRate : limits.topicDispatchRate
}

function isLimited(rate: AppliedPolicy<RateLimit> | null): boolean {
  const value = rate?.value ?? null
  return value !== null && (value.messages > 0 || value.bytes > 0)
}

const WHOSE: Readonly<Record<RateOf, string>> = {
  broker: 'dispatch rate of the broker',
  subscription: 'subscription dispatch rate',
  topic: 'dispatch rate of the topic',
}

function throttled(facts: SubscriptionFacts, rows: readonly PartitionFacts[], of: RateOf): Draft {
  const rate = rateOf(facts, of)
  const isStopped = rows.some(isNotDelivered)
  const text = rateText(rate)
  return {
    code: 'dispatch-throttled',
    severity: isStopped ? 'error' : 'warn',
    message: `The ${WHOSE[of]} ${isStopped ? 'stops' : 'slows down'} delivery${whereText(rows)}: ${text}`,
    partitions: rows.map(({partition}) => partition),
    evidence: [
      ...rows.flatMap(({before, now, partition}) =>
        throttledReads(before, now).map((counter) =>
          evidence(counter, `${String(before[counter])} → ${String(now[counter])}`, partition),
        ),
      ),
      evidence(of === 'topic' ? 'dispatchRate' : 'subscriptionDispatchRate', text),
    ],
    remedies: [
      {
        command: keyshift('migrate list'),
        cost: 'none (shows whether a running or interrupted migration pauses delivery)',
      },
      removeRate(facts, of, rate?.origin ?? null),
    ],
  }
}

function rateText(rate: AppliedPolicy<RateLimit> | null): string {
  if (!rate?.value || !isLimited(rate)) return 'limit unknown, because the policy that sets it was not read'
  const {bytes, messages, periodSeconds} = rate.value
  const limits = [
    ...(messages > 0 ? [counted(messages, 'message')] : []),
    ...(bytes > 0 ? [counted(bytes, 'byte')] : []),
  ]
  return `${limits.join(' and ')} per ${numberText(periodSeconds)} s${rate.origin === null ? '' : `, ${SET_ON[rate.origin]}`}`
}

const SET_ON: Readonly<Record<PolicyOrigin, string>> = {
  broker: 'set in the broker settings',
  namespace: 'set on the namespace',
  subscription: 'set on the subscription',
  topic: 'set on the topic',
}

function removeRate({subscription, topic}: SubscriptionFacts, of: RateOf, origin: PolicyOrigin | null): Remedy {
  const verb = of === 'topic' ? ('remove-dispatch-rate' as const) : ('remove-subscription-dispatch-rate' as const)
  if (of !== 'broker' && (origin === 'subscription' || origin === 'topic')) {
    const ofOne = origin === 'subscription' ? ['--subscription', subscription] : []
    return {
      command: pulsarAdmin(`topicPolicies ${verb}`, ...ofOne, topic),
      cost: `${origin === 'topic' ? 'all subscriptions of the topic' : 'its consumers'} receive the whole backlog as fast as they request it`,
    }
  }
  if (of !== 'broker' && origin === 'namespace') {
    return {
      command: pulsarAdmin(`namespaces ${verb}`, namespaceOf(topic)),
      cost: 'all subscriptions of the namespace receive messages as fast as they request them',
    }
  }
  return {...inspectCommand({subscription, topic}), cost: 'none (shows each rate and where it is set)'}
}

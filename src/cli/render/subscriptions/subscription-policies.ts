import type {AppliedPolicies} from '../../../domain/policies/applied-policies.js'
import type {AppliedPolicy} from '../../../domain/policies/policy-levels.js'
import type {QuotaLimit} from '../../../domain/policies/expiry-policies.js'
import type {RateLimit} from '../../../domain/policies/rate-policies.js'
import {renderBytes, renderMs, renderTable} from '../table.js'
import {counted, numberText} from '../../../wording.js'

type Texts = {[P in keyof AppliedPolicies]: readonly [name: string, text: (value: ValueOf<P>) => string | null]}
type ValueOf<P extends keyof AppliedPolicies> = NonNullable<AppliedPolicies[P]['value']>

/** The name of each policy and the text of its value; null when the value means no limit. */
const TEXTS: Texts = {
  subscriptionTypesEnabled: ['subscription types', (types) => (types.length === 4 ? null : types.join(', '))],
  dispatchRate: ['dispatch rate', rateText],
  topicDispatchRate: ['topic dispatch rate', rateText],
  publishRate: ['publish rate', rateText],
  subscribeRate: [
    'subscribe rate',
    ({attempts, periodSeconds}) =>
      attempts === 0 ? null : `${counted(attempts, 'attempt')} per ${renderMs(periodSeconds * 1000)}`,
  ],
  maxConsumersPerSubscription: ['consumers per subscription', limitText],
  maxConsumersPerTopic: ['consumers per topic', limitText],
  maxUnackedMessagesPerConsumer: ['unacked messages per consumer', limitText],
  maxUnackedMessagesPerSubscription: ['unacked messages per subscription', limitText],
  messageTtlSeconds: ['message TTL', (seconds) => (seconds === 0 ? null : renderMs(seconds * 1000))],
  subscriptionExpirationMinutes: [
    'subscription expiration',
    (minutes) => (minutes === 0 ? null : `${renderMs(minutes * 60_000)} without a consumer`),
  ],
  backlogSizeQuota: ['backlog size', (quota) => quotaText(quota, renderBytes(quota.limit))],
  backlogAgeQuota: ['backlog age', (quota) => quotaText(quota, renderMs(quota.limit * 1000))],
  retention: [
    'retention',
    ({megabytes, minutes}) =>
      minutes === 0 || megabytes === 0
        ? null
        : `${minutes < 0 ? 'no time limit' : renderMs(minutes * 60_000)}, ${megabytes < 0 ? 'no size limit' : `up to ${numberText(megabytes)} MB`}`,
  ],
  delayedDelivery: [
    'delayed delivery',
    ({isActive, maxDelayMs}) => (isActive ? (maxDelayMs ? `on, up to ${renderMs(maxDelayMs)}` : 'on') : 'off'),
  ],
  pausesOnAckStatePersistent: ['pause delivery at the ack-hole limit', (pauses) => (pauses ? 'yes' : null)],
  isDeduplicated: ['deduplication', (isOn) => (isOn ? 'yes' : null)],
}

/** The effective limits and the level that sets each. */
export function renderPolicies(policies: AppliedPolicies): string {
  const rows = (Object.keys(TEXTS) as Array<keyof AppliedPolicies>).map((name) => lineOf(policies, name))
  const set = rows.filter(({text}) => text !== null)
  const open = rows.filter(({origin, text}) => text === null && origin !== null)
  const unknown = rows.filter(({origin}) => origin === null)
  return [
    ...(set.length === 0
      ? []
      : [
          renderTable<Line>(
            [
              {head: 'limit', cell: ({name}) => name},
              {head: 'value', cell: ({text}) => text, fit: 'wrap'},
              {head: 'set at', cell: ({origin}) => origin},
            ],
            set,
          ),
        ]),
    ...(open.length === 0 ? [] : [`no limit or disabled: ${open.map(nameAndOrigin).join(', ')}`]),
    ...(unknown.length === 0 ? [] : [`unknown: ${unknown.map(({name}) => name).join(', ')}`]),
  ].join('\n')
}

interface Line {
  readonly name: string
  /** null where there is no limit */
  readonly text: string | null
  readonly origin: AppliedPolicy<unknown>['origin']
}

function lineOf(policies: AppliedPolicies, policy: keyof AppliedPolicies): Line {
  const {origin, value} = policies[policy]
  const [name, textOf] = TEXTS[policy] as readonly [string, (value: unknown) => string | null]
  return {name, origin, text: value === null ? null : textOf(value)}
}

/** A missing limit names its level, unless it is the default of the broker. */
function nameAndOrigin({name, origin}: Line): string {
  return origin === 'broker' ? name : `${name} (set at ${origin ?? ''})`
}

function limitText(most: number): string | null {
  return most === 0 ? null : numberText(most)
}

function rateText({bytes, isRelativeToPublishRate, messages, periodSeconds}: RateLimit): string | null {
  const limits = [
    ...(messages === 0 ? [] : [counted(messages, 'message')]),
    ...(bytes === 0 ? [] : [renderBytes(bytes)]),
  ]
  if (limits.length === 0) return null
  const relative = isRelativeToPublishRate ? ', in addition to the publish rate' : ''
  return `${limits.join(' or ')} per ${renderMs(periodSeconds * 1000)}${relative}`
}

function quotaText({limit, policy}: QuotaLimit, text: string): string | null {
  return limit === 0 ? null : `${text}, then ${policy}`
}

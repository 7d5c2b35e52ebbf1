import {knownBugs} from '../../keys/selectors/known-bugs.js'
import {mayDeliverTwiceOnJoin} from '../double-delivery.js'
import type {MigrationSnapshot} from './preflight-snapshot.js'
import {blocks, blocksUnlessAccepted, type PreflightFinding, type Rule, warns} from './preflight-finding.js'

/** Whether a subscription's delivery can be held here, and its fleets kept out. */
export function canPause({broker, topicPolicies}: MigrationSnapshot): boolean {
  return topicPolicies === 'on' && broker.throttlesCaughtUp !== false
}

const WITHOUT = 'what still works: --strategy stop-start'

const policiesOff: Rule = ({snapshot: {topicPolicies}, strategy}) => {
  if (topicPolicies !== 'off' || strategy === 'stop-start') return null
  return blocks({
    code: 'topic-policies-off',
    message: `topic policies are switched off on the broker, so delivery can be neither held nor fenced; ${WITHOUT}`,
    evidence: [{field: 'topicLevelPoliciesEnabled', value: 'false'}],
  })
}

const missingPermission: Rule = ({snapshot: {topicPolicies}, strategy}) => {
  if (topicPolicies !== 'refused' || strategy === 'stop-start') return null
  return blocks({
    code: 'missing-permission',
    message: `this login may not read the topic's policies, and so not change them: it takes an administrator of the tenant; ${WITHOUT}`,
    evidence: [{field: 'topicPolicies', value: 'refused'}],
  })
}

const pauseHasNoEffect: Rule = ({snapshot: {broker}, strategy}) => {
  if (broker.throttlesCaughtUp !== false || strategy === 'stop-start') return null
  return blocks({
    code: 'throttling-off',
    message: `the broker throttles no consumer that is caught up, so a pause by dispatch rate would hold nothing; ${WITHOUT}`,
    evidence: [{field: 'dispatchThrottlingOnNonBacklogConsumerEnabled', value: 'false'}],
  })
}

const deliveryNotPaused: Rule = ({snapshot: {topicPolicies}, strategy}) => {
  if (strategy !== 'stop-start') return null
  return warns({
    code: 'delivery-not-paused',
    message:
      'delivery is not held: the gap lasts until you, or hooks, have stopped the old fleet and started the new one, what ' +
      'the old one leaves unacknowledged comes again, and only the connected new fleet keeps it from coming back',
    evidence: [{field: 'topicPolicies', value: topicPolicies}],
  })
}

/** keyshift takes the new name by a WebSocket consumer; without one the door alone keeps its fleet waiting. */
const noWebSocket: Rule = ({snapshot: {broker}, strategy}) => {
  if (strategy !== 'blue-green' || broker.hasWebSocket !== false) return null
  return warns({
    code: 'no-web-socket',
    message:
      "the broker's WebSocket API is off: unless --web-socket-url names another, waiting clients of C++ (Python, Node.js) come up to 30 s late",
    evidence: [{field: 'webSocketServiceEnabled', value: 'false'}],
  })
}

/** Messages that expire while delivery is held are never handled by anybody. */
const expires: Rule = ({snapshot: {expiry}}) => {
  const {evictsAbove, messageTtlSeconds, subscriptionExpirationMinutes} = expiry
  const evidence = [
    ...(messageTtlSeconds ? [{field: 'messageTTL', value: `${String(messageTtlSeconds)} s`}] : []),
    ...(subscriptionExpirationMinutes
      ? [{field: 'subscriptionExpirationTimeMinutes', value: String(subscriptionExpirationMinutes)}]
      : []),
    ...quotaEvidence(evictsAbove.bytes, 'bytes'),
    ...quotaEvidence(evictsAbove.seconds, 's'),
  ]
  if (evidence.length === 0) return null
  const draft = {code: 'expiry', evidence}
  return messageTtlSeconds !== null && messageTtlSeconds > 0 && messageTtlSeconds < 120
    ? blocksUnlessAccepted({...draft, message: 'messages live so short that they may expire while delivery is held'})
    : warns({...draft, message: 'what waits too long is dropped; keep delivery from being held that long by --max-gap'})
}

function quotaEvidence(limit: number | null, unit: string): PreflightFinding['evidence'] {
  return limit === null
    ? []
    : [{field: 'backlogQuota', value: `consumer_backlog_eviction above ${String(limit)} ${unit}`}]
}

/** Where delivery is held, a migration lets its own fleet gather first; whoever joins later does so under load. */
const joinsUnderLoad: Rule = ({snapshot: {brokerVersion}, strategy, to}) => {
  if (!mayDeliverTwiceOnJoin(brokerVersion, to)) return null
  const awaits = 'so the new fleet gathers while delivery is held, and the gap is longer by about a second'
  return warns({
    code: 'double-delivery',
    message: `a broker before 4.0 may deliver messages twice when Key_Shared consumers join under load: ${
      strategy === 'stop-start' ? 'have them tolerate that' : `${awaits}; have consumers that join later tolerate it`
    }`,
    evidence: [{field: 'brokerVersion', value: brokerVersion}],
  })
}

const keySharedBugs: Rule = ({from, snapshot: {brokerVersion}, to}) => {
  const bugs = from === 'Key_Shared' || to === 'Key_Shared' ? knownBugs(brokerVersion) : []
  if (bugs.length === 0) return null
  return warns({
    code: 'known-bugs',
    message: `Key_Shared has known faults in Pulsar ${brokerVersion}: ${bugs.map(({pull, symptom}) => `${symptom} (${pull})`).join('; ')}`,
    evidence: [{field: 'brokerVersion', value: brokerVersion}],
  })
}

/** A new Failover subscription begins to deliver only after this delay. */
const failoverDelay: Rule = ({snapshot: {broker}, to}) => {
  if (to !== 'Failover' || broker.failoverDelayMs === 0) return null
  return warns({
    code: 'failover-delay',
    message: `a Failover subscription waits ${broker.failoverDelayMs === null ? 'activeConsumerFailoverDelayTimeMillis' : `${String(broker.failoverDelayMs)} ms`} before it delivers to a new active consumer: the gap is longer by that`,
    evidence: [{field: 'activeConsumerFailoverDelayTimeMillis', value: String(broker.failoverDelayMs ?? 'unknown')}],
  })
}

export const brokerRules: readonly Rule[] = [
  policiesOff,
  missingPermission,
  pauseHasNoEffect,
  deliveryNotPaused,
  noWebSocket,
  expires,
  joinsUnderLoad,
  keySharedBugs,
  failoverDelay,
]

import {knownBugs} from '../../keys/selectors/known-bugs.js'
import {counted, durationText} from '../../../wording.js'
import {mayDeliverTwiceOnJoin} from '../double-delivery.js'
import {planWith, blocks, blocksUnlessAccepted, type PreflightFinding, type Rule, warns} from './preflight-finding.js'
import type {MigrationSnapshot} from './preflight-snapshot.js'

/** Whether keyshift can pause the delivery of a subscription here and block its consumers. */
export function canPause({broker, topicPolicies}: MigrationSnapshot): boolean {
  return topicPolicies === 'on' && broker.throttlesCaughtUp !== false
}

const policiesOff: Rule = (input) => {
  const {snapshot, strategy} = input
  if (snapshot.topicPolicies !== 'off' || strategy === 'stop-start') return null
  return blocks({
    code: 'topic-policies-off',
    message: 'topic policies are disabled on the broker, so keyshift can neither pause delivery nor block consumers',
    evidence: [{field: 'topicLevelPoliciesEnabled', value: 'false'}],
    next: [planWith('stop-start', input)],
  })
}

const missingPermission: Rule = (input) => {
  const {snapshot, strategy} = input
  if (snapshot.topicPolicies !== 'refused' || strategy === 'stop-start') return null
  return blocks({
    code: 'missing-permission',
    message: 'missing permission to read and change the topic policies: log in as an administrator of the tenant',
    evidence: [{field: 'topicPolicies', value: 'refused'}],
    next: [planWith('stop-start', input)],
  })
}

const pauseHasNoEffect: Rule = (input) => {
  const {snapshot, strategy} = input
  if (snapshot.broker.throttlesCaughtUp !== false || strategy === 'stop-start') return null
  return blocks({
    code: 'throttling-off',
    message:
      'the broker throttles only consumers with a backlog, so a dispatch rate does not pause consumers that are caught up',
    evidence: [{field: 'dispatchThrottlingOnNonBacklogConsumerEnabled', value: 'false'}],
    next: [planWith('stop-start', input)],
  })
}

const deliveryNotPaused: Rule = ({snapshot: {topicPolicies}, strategy}) => {
  if (strategy !== 'stop-start') return null
  return warns({
    code: 'delivery-not-paused',
    message:
      'delivery is not paused by keyshift. Impact: no delivery from the moment the old consumers are stopped, by you or by ' +
      'a hook, until the new ones are connected; unacked messages are delivered again; old consumers are blocked only ' +
      'while new ones are connected',
    evidence: [{field: 'topicPolicies', value: topicPolicies}],
  })
}

/** keyshift reserves the new name with a WebSocket consumer; without one only the auto-create block rejects consumers. */
const noWebSocket: Rule = ({snapshot: {broker}, strategy}) => {
  if (strategy !== 'blue-green' || broker.hasWebSocket !== false) return null
  return warns({
    code: 'no-web-socket',
    message:
      "the broker's WebSocket API is disabled: C++, Python and Node.js clients that are waiting may connect up to 30 s late, unless --web-socket-url names a WebSocket proxy",
    evidence: [{field: 'webSocketServiceEnabled', value: 'false'}],
  })
}

/** A message that expires during the delivery pause is never processed. */
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
    ? blocksUnlessAccepted({
        ...draft,
        message: `messages expire after ${counted(messageTtlSeconds, 'second')}, possibly during the delivery pause`,
      })
    : warns({
        ...draft,
        message: 'the broker drops messages of an old or large backlog: limit the delivery pause with --max-gap',
      })
}

function quotaEvidence(limit: number | null, unit: string): PreflightFinding['evidence'] {
  return limit === null
    ? []
    : [{field: 'backlogQuota', value: `consumer_backlog_eviction above ${String(limit)} ${unit}`}]
}

/** With paused delivery all new consumers connect before messages flow; consumers that join later do so under load. */
const joinsUnderLoad: Rule = ({snapshot: {brokerVersion}, strategy, to}) => {
  if (!mayDeliverTwiceOnJoin(brokerVersion, to)) return null
  const awaits = 'the new consumers connect during the delivery pause, which takes about 1 s longer'
  return warns({
    code: 'double-delivery',
    message: `Pulsar ${brokerVersion} may deliver messages twice when Key_Shared consumers join under load (fixed in 4.0): ${
      strategy === 'stop-start'
        ? 'the consumers must tolerate duplicates'
        : `${awaits}; consumers that join later must tolerate duplicates`
    }`,
    evidence: [{field: 'brokerVersion', value: brokerVersion}],
  })
}

const keySharedBugs: Rule = ({from, snapshot: {brokerVersion}, to}) => {
  const bugs = from === 'Key_Shared' || to === 'Key_Shared' ? knownBugs(brokerVersion) : []
  if (bugs.length === 0) return null
  return warns({
    code: 'known-bugs',
    message: `Key_Shared has known bugs in Pulsar ${brokerVersion}: ${bugs.map(({pull, symptom}) => `${symptom} (${pull})`).join('; ')}`,
    evidence: [{field: 'brokerVersion', value: brokerVersion}],
  })
}

/** A new Failover subscription starts to deliver only after this delay. */
const failoverDelay: Rule = ({snapshot: {broker}, to}) => {
  if (to !== 'Failover' || broker.failoverDelayMs === 0) return null
  return warns({
    code: 'failover-delay',
    message: `the delivery pause is longer by ${broker.failoverDelayMs === null ? 'activeConsumerFailoverDelayTimeMillis' : durationText(broker.failoverDelayMs)}: a Failover subscription waits that time before it delivers to a new active consumer`,
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

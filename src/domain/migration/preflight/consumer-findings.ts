import type {ConsumerStats} from '../../../clients/pulsar-admin/types.js'
import {suggestedCommand} from '../../../suggested-command.js'
import {counted, durationText} from '../../../wording.js'
import {STUCK_AFTER_MS} from '../../progress/thresholds.js'
import {blocksUnlessAccepted, each, type Rule, warns} from './preflight-finding.js'

const sameNames: Rule = ({snapshot: {collected}, to}) => {
  if (to !== 'Key_Shared') return null
  const repeated = collected.partitions.flatMap(({subscription}) => {
    const names = (subscription.consumers ?? []).map(({consumerName}) => consumerName ?? '')
    return names.filter((name, at) => names.indexOf(name) !== at)
  })
  if (repeated.length === 0) return null
  const names = [...new Set(repeated)].toSorted()
  return warns({
    code: 'same-consumer-names',
    message: `several consumers have the same name (${names.join(', ')}). The broker assigns key ranges by consumer name: give each consumer its own stable name`,
    evidence: each('consumerName', names),
  })
}

const noConsumers: Rule = ({snapshot: {collected}}) => {
  const empty = collected.partitions.filter(({subscription}) => (subscription.consumers ?? []).length === 0)
  if (empty.length === 0) return null
  return warns({
    code: 'partitions-without-consumers',
    message: `no consumer on ${String(empty.length)} of ${counted(collected.partitions.length, 'partition')}: messages that were delivered from them but not acked are delivered again`,
    evidence: each(
      'partition',
      empty.map(({partition}) => String(partition)),
    ),
  })
}

/** A consumer that does not ack would block the drain until its timeout. */
const inactiveConsumers: Rule = ({snapshot: {collected}, strategy}) => {
  if (strategy === 'stop-start') return null
  const blocked = collected.partitions.flatMap(({subscription}) =>
    (subscription.consumers ?? []).filter(({blockedConsumerOnUnackedMsgs}) => blockedConsumerOnUnackedMsgs === true),
  )
  if (blocked.length === 0) return null
  const names = [...new Set(blocked.map(({consumerName}) => consumerName ?? 'a consumer without a name'))].toSorted()
  return blocksUnlessAccepted({
    code: 'blocked-consumers',
    message: `consumers reached their unacked-message limit and do not ack: ${names.join(', ')}. The drain would wait for them until --drain-timeout`,
    evidence: each('consumerName', names),
  })
}

/**
 * A consumer that may be hung, and would block the drain in the same way. The snapshot is a single sample, so its latest
 * time of any consumer takes the place of the broker's clock.
 */
const idleConsumers: Rule = ({snapshot: {collected}, strategy}) => {
  if (strategy === 'stop-start') return null
  const consumers = collected.partitions.flatMap(({subscription}) => subscription.consumers ?? [])
  const nowMs = Math.max(...consumers.map(lastActiveMs))
  const clients = [...Map.groupBy(consumers, ({consumerName}) => consumerName ?? 'a consumer without a name')]
  const idle = clients
    .map(([name, ofClient]) => ({
      name,
      unacked: ofClient.reduce((sum, {unackedMessages}) => sum + Math.max(0, unackedMessages ?? 0), 0),
      isIdle: ofClient.every((one) => nowMs - Math.max(one.lastAckedTimestamp ?? 0, connectedMs(one)) > STUCK_AFTER_MS),
    }))
    .filter(({isIdle, unacked}) => isIdle && unacked > 0)
  if (idle.length === 0) return null
  const texts = idle.map(({name, unacked}) => `${name} (${counted(unacked, 'unacked message')})`)
  return warns({
    code: 'idle-consumers',
    message: `consumers have acked nothing for over ${durationText(STUCK_AFTER_MS)}: ${texts.join(', ')}. The drain waits for them until --drain-timeout`,
    evidence: idle.map(({name, unacked}) => ({field: `unackedMessages of ${name}`, value: String(unacked)})),
    next: [suggestedCommand('doctor', collected.topic.full, collected.subscription)],
  })
}

function lastActiveMs({lastAckedTimestamp = 0, lastConsumedTimestamp = 0}: ConsumerStats): number {
  return Math.max(lastAckedTimestamp, lastConsumedTimestamp)
}

/** The connection of a consumer; infinite if it is unknown, so that the consumer does not count as idle. */
function connectedMs({connectedSince}: ConsumerStats): number {
  const time = Date.parse(connectedSince ?? '')
  return Number.isNaN(time) ? Infinity : time
}

/** Disconnecting Failover consumers requires the subscription to be created again. */
const recreatedSubscription: Rule = ({from, strategy}) => {
  if (from !== 'Failover' || strategy !== 'in-place') return null
  return warns({
    code: 'failover-in-place',
    message:
      'Failover consumers can be disconnected only by deleting the subscription and creating it again at the same position. Impact: its counters restart at 0',
    evidence: [{field: 'type', value: 'Failover'}],
  })
}

export const consumerRules: readonly Rule[] = [
  sameNames,
  noConsumers,
  inactiveConsumers,
  idleConsumers,
  recreatedSubscription,
]

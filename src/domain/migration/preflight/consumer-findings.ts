import {counted} from '../../../wording.js'
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

export const consumerRules: readonly Rule[] = [sameNames, noConsumers, inactiveConsumers, recreatedSubscription]

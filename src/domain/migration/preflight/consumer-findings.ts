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
    message: `several consumers share a name (${names.join(', ')}): key ranges follow names, give each its own and keep it`,
    evidence: each('consumerName', names),
  })
}

const noConsumers: Rule = ({snapshot: {collected}}) => {
  const empty = collected.partitions.filter(({subscription}) => (subscription.consumers ?? []).length === 0)
  if (empty.length === 0) return null
  return warns({
    code: 'partitions-without-consumers',
    message: 'some partitions have no consumer now: what was delivered from them and not acknowledged comes again',
    evidence: each(
      'partition',
      empty.map(({partition}) => String(partition)),
    ),
  })
}

/** A consumer that has stopped acknowledging would hold the drain until it times out. */
const inactiveConsumers: Rule = ({snapshot: {collected}, strategy}) => {
  if (strategy === 'stop-start') return null
  const blocked = collected.partitions.flatMap(({subscription}) =>
    (subscription.consumers ?? []).filter(({blockedConsumerOnUnackedMsgs}) => blockedConsumerOnUnackedMsgs === true),
  )
  if (blocked.length === 0) return null
  const names = [...new Set(blocked.map(({consumerName}) => consumerName ?? 'a consumer without a name'))].toSorted()
  return blocksUnlessAccepted({
    code: 'blocked-consumers',
    message: `the broker has stopped delivering to consumers that don't acknowledge: ${names.join(', ')}; the drain would wait for them`,
    evidence: each('consumerName', names),
  })
}

/** Evicting Failover consumers needs the subscription to be made anew. */
const recreatedSubscription: Rule = ({from, strategy}) => {
  if (from !== 'Failover' || strategy !== 'in-place') return null
  return warns({
    code: 'failover-in-place',
    message:
      'Failover consumers can only be disconnected by making the subscription anew at the same position: its counters begin at 0',
    evidence: [{field: 'type', value: 'Failover'}],
  })
}

export const consumerRules: readonly Rule[] = [sameNames, noConsumers, inactiveConsumers, recreatedSubscription]

import {
  blocks,
  blocksUnlessAccepted,
  each,
  informs,
  type PreflightInput,
  type Rule,
  warns,
} from './preflight-finding.js'

const delayed: Rule = ({snapshot: {collected}, strategy}) => {
  if (strategy === 'stop-start') return null // nothing is drained, and the cursor keeps them
  const count = collected.partitions.reduce((sum, {subscription}) => sum + (subscription.msgDelayed ?? 0), 0)
  if (count === 0) return null
  return blocks({
    code: 'delayed-messages',
    message: `${String(count)} delayed messages wait for their time: the subscription can't be drained before`,
    evidence: [{field: 'msgDelayed', value: String(count)}],
  })
}

/** Proven by the sample where there is one; else batches of any kind are suspect. */
const mixedBatches: Rule = (input) => {
  if (input.to !== 'Key_Shared') return null
  const {sample} = input.snapshot
  if (sample && sample.mixedBatches > 0) {
    return blocksUnlessAccepted({
      code: 'mixed-batches',
      message: `${String(sample.mixedBatches)} batches in the backlog hold several keys: Key_Shared delivers a whole batch by the key of its first message, so a key reaches two consumers; have the producers use the key-based batcher`,
      evidence: [
        {field: 'mixedBatches', value: String(sample.mixedBatches)},
        {field: 'entriesLookedAt', value: String(sample.entries)},
      ],
    })
  }
  const most = mostMessagesPerEntry(input)
  if (most <= 1) return null
  return blocksUnlessAccepted({
    code: 'mixed-batches',
    message:
      'producers batch: Key_Shared delivers a whole batch by the key of its first message, so unless they use the ' +
      'key-based batcher, a key reaches two consumers',
    evidence: [{field: 'avgMessagesPerEntry', value: String(most)}],
  })
}

function mostMessagesPerEntry({snapshot: {collected}}: PreflightInput): number {
  const averages = collected.partitions.flatMap(({subscription}) =>
    (subscription.consumers ?? []).map(({avgMessagesPerEntry}) => avgMessagesPerEntry ?? 0),
  )
  return Math.max(0, ...averages)
}

const keyless: Rule = ({snapshot: {brokerVersion, sample}, to}) => {
  if (to !== 'Key_Shared' || !sample || sample.withoutKey === 0) return null
  const fate = /^[0-3]\./.test(brokerVersion) ? 'they all go to one consumer' : 'they go to any consumer, in no order'
  return blocksUnlessAccepted({
    code: 'keyless-messages',
    message: `${String(sample.withoutKey)} of ${String(sample.messages)} messages looked at have no key: with Key_Shared ${fate}`,
    evidence: [{field: 'withoutKey', value: String(sample.withoutKey)}],
  })
}

/** No finding on keys means little where few messages, or none, were looked at. */
const keysUnseen: Rule = ({snapshot: {collected, sample}, to}) => {
  if (to !== 'Key_Shared' || sample?.isComplete) return null
  const seen = sample ? `of the backlog ${String(sample.entries)} entries were looked at` : 'no message was looked at'
  return informs({
    code: 'keys-unseen',
    message: `${seen}: messages without a key and batches of several keys may be there all the same; keyshift keys sample ${collected.topic.full} ${collected.subscription} shows more`,
    evidence: [{field: 'entriesLookedAt', value: String(sample?.entries ?? 0)}],
  })
}

const chunks: Rule = ({snapshot: {collected}, to}) => {
  if (to === 'Failover' || !collected.partitions.some(({stats}) => stats.msgChunkPublished === true)) return null
  return warns({
    code: 'chunked-messages',
    message: `chunked messages were published: ${to === 'Key_Shared' ? 'Key_Shared has no logic for chunks, and a rebalance may split one' : 'a consumer that stops half way through one holds the subscription up'}`,
    evidence: [{field: 'msgChunkPublished', value: 'true'}],
  })
}

/**
 * What is acknowledged out of order behind an unacknowledged message is kept in place, and forgotten by a new
 * subscription, which begins at one position.
 */
const holes: Rule = ({snapshot: {collected}, strategy}) => {
  const open = collected.partitions.filter(
    ({subscription}) =>
      (subscription.nonContiguousDeletedMessagesRanges ?? 0) > 0 && (subscription.consumers ?? []).length === 0,
  )
  if (open.length === 0 || strategy !== 'blue-green') return null
  return blocksUnlessAccepted({
    code: 'ack-holes',
    message:
      'partitions without a consumer have messages acknowledged out of order: the new subscription gets those again',
    evidence: each(
      'partition',
      open.map(({partition}) => String(partition)),
    ),
  })
}

const cumulativeAcks: Rule = ({from, to}) => {
  if (from !== 'Failover') return null
  return warns({
    code: 'cumulative-acks',
    message: `${to} knows no cumulative acknowledgement, and no broker tells whether the consumers use it: make sure that the new fleet acknowledges each message`,
    evidence: [{field: 'type', value: 'Failover'}],
  })
}

const delayEnds: Rule = ({to}) => {
  if (to !== 'Failover') return null
  return warns({
    code: 'no-delayed-delivery',
    message: 'Failover delivers delayed messages at once: have the producers stop delaying them',
    evidence: [{field: 'type', value: 'Failover'}],
  })
}

export const messageRules: readonly Rule[] = [
  delayed,
  mixedBatches,
  keyless,
  keysUnseen,
  chunks,
  holes,
  cumulativeAcks,
  delayEnds,
]

import {suggestedCommand} from '../../../suggested-command.js'
import {counted, numberText} from '../../../wording.js'
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
  if (strategy === 'stop-start') return null // nothing is drained, and the cursor keeps delayed messages
  const count = collected.partitions.reduce((sum, {subscription}) => sum + (subscription.msgDelayed ?? 0), 0)
  if (count === 0) return null
  return blocks({
    code: 'delayed-messages',
    message: `${counted(count, 'delayed message')} not due yet: the subscription cannot be drained before they are delivered`,
    evidence: [{field: 'msgDelayed', value: String(count)}],
  })
}

const BATCH_DELIVERY =
  'Key_Shared delivers a batch by the key of its first message, so one key can reach several consumers'

/** Proven by the sampled entries; without a sample every batch is suspect. */
const mixedBatches: Rule = (input) => {
  if (input.to !== 'Key_Shared') return null
  const {keyCheck} = input.snapshot
  if (keyCheck && keyCheck.mixedBatches > 0) {
    return blocksUnlessAccepted({
      code: 'mixed-key-batches',
      message: `${numberText(keyCheck.mixedBatches)} of ${counted(keyCheck.entries, 'sampled entry', 'sampled entries')} ${keyCheck.mixedBatches === 1 ? 'is a batch' : 'are batches'} with several keys: ${BATCH_DELIVERY}. Switch the producers to the key-based batcher`,
      evidence: [
        {field: 'mixedBatches', value: String(keyCheck.mixedBatches)},
        {field: 'sampledEntries', value: String(keyCheck.entries)},
      ],
    })
  }
  const most = mostMessagesPerEntry(input)
  if (most <= 1) return null
  return blocksUnlessAccepted({
    code: 'mixed-key-batches',
    message: `the producers send batches (average up to ${counted(most, 'message')} per entry): ${BATCH_DELIVERY}. Accept this only if the producers use the key-based batcher`,
    evidence: [{field: 'avgMessagesPerEntry', value: String(most)}],
  })
}

function mostMessagesPerEntry({snapshot: {collected}}: PreflightInput): number {
  const averages = collected.partitions.flatMap(({subscription}) =>
    (subscription.consumers ?? []).map(({avgMessagesPerEntry}) => avgMessagesPerEntry ?? 0),
  )
  return Math.max(0, ...averages)
}

const keyless: Rule = ({snapshot: {brokerVersion, keyCheck}, to}) => {
  if (to !== 'Key_Shared' || !keyCheck || keyCheck.withoutKey === 0) return null
  const delivery = /^[0-3]\./.test(brokerVersion) ? 'all of them to one consumer' : 'them to any consumer, in any order'
  return blocksUnlessAccepted({
    code: 'keyless-messages',
    message: `${numberText(keyCheck.withoutKey)} of ${counted(keyCheck.messages, 'sampled message')} ${keyCheck.withoutKey === 1 ? 'has' : 'have'} no key: Key_Shared delivers ${delivery}`,
    evidence: [{field: 'withoutKey', value: String(keyCheck.withoutKey)}],
  })
}

/** Without this finding, a clean sample of few messages would read as a proof. */
const keysUnseen: Rule = ({snapshot: {collected, keyCheck}, to}) => {
  if (to !== 'Key_Shared' || keyCheck?.isComplete) return null
  const sampled = keyCheck
    ? `only ${counted(keyCheck.entries, 'entry', 'entries')} of the backlog ${keyCheck.entries === 1 ? 'was' : 'were'} sampled`
    : 'no message was sampled, because the backlog is empty or unreadable'
  return informs({
    code: 'keys-unseen',
    message: `${sampled}: messages without a key and batches of several keys may still exist`,
    evidence: [{field: 'sampledEntries', value: String(keyCheck?.entries ?? 0)}],
    next: [suggestedCommand('keys', 'sample', collected.topic.full, collected.subscription)],
  })
}

const chunks: Rule = ({snapshot: {collected}, to}) => {
  if (to === 'Failover' || !collected.partitions.some(({stats}) => stats.msgChunkPublished === true)) return null
  const effect =
    to === 'Key_Shared'
      ? 'Key_Shared does not keep the chunks of a message together, and a rebalance may split them'
      : 'a consumer that stops before the last chunk of a message blocks the subscription'
  return warns({
    code: 'chunked-messages',
    message: `chunked messages were published: ${effect}`,
    evidence: [{field: 'msgChunkPublished', value: 'true'}],
  })
}

/**
 * Messages acked out of order after an unacked one are known to the old cursor only. In-place keeps that cursor; a new
 * subscription starts at one position and receives them again.
 */
const holes: Rule = ({snapshot: {collected}, strategy}) => {
  const open = collected.partitions.filter(
    ({subscription}) =>
      (subscription.nonContiguousDeletedMessagesRanges ?? 0) > 0 && (subscription.consumers ?? []).length === 0,
  )
  if (open.length === 0 || strategy !== 'blue-green') return null
  return blocksUnlessAccepted({
    code: 'ack-holes',
    message: `${counted(open.length, 'partition')} with ack holes but no consumer: messages that were acked out of order are delivered again on the new subscription`,
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
    message: `${to} does not support cumulative acks, and the broker does not report whether consumers use them: make sure that the new consumers ack each message`,
    evidence: [{field: 'type', value: 'Failover'}],
  })
}

const delayEnds: Rule = ({to}) => {
  if (to !== 'Failover') return null
  return warns({
    code: 'no-delayed-delivery',
    message: 'Failover ignores delivery delays: delayed messages are delivered at once',
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

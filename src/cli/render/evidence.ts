import type {EvidenceField} from '../../domain/doctor/facts/evidence.js'
import {durationText, numberText} from '../../wording.js'
import {ageText} from './ages.js'
import {RELATION} from './locks/lock-relations.js'
import {renderBytes} from './table.js'

interface Words {
  /** the field as operators call it */
  readonly name: string
  /** the value with its unit; a count has none */
  readonly text: (value: string, asOf: string) => string
}

const count = (name: string): Words => ({name, text: countText})
const plain = (name: string): Words => ({name, text: (value) => value})
const time = (name: string): Words => ({name, text: timeText})
const yesOrNo = (name: string): Words => ({
  name,
  text: (value) => (value === 'true' ? 'yes' : value === 'false' ? 'no' : value),
})

/** Every field that findings and the steps of `why` name as evidence, in words; `--json` has the fields under their own names. */
export const EVIDENCE_WORDS: Readonly<Record<EvidenceField, Words>> = {
  'consumers[].unackedMessages': plain('unacked messages of the consumer'),
  consumersAfterMarkDeletePosition: plain('joined at'),
  dispatchRate: plain('dispatch rate of the topic'),
  dispatchThrottledBytesEventsByBrokerLimit: count('reads that the byte rate of the broker throttled'),
  dispatchThrottledBytesEventsBySubscriptionLimit: count('reads that the byte rate of the subscription throttled'),
  dispatchThrottledBytesEventsByTopicLimit: count('reads that the byte rate of the topic throttled'),
  dispatchThrottledMsgEventsByBrokerLimit: count('reads that the rate of the broker throttled'),
  dispatchThrottledMsgEventsByTopicLimit: count('reads that the rate of the topic throttled'),
  dispatcherPauseOnAckStatePersistent: plain('pauses when no more ack holes can be stored'),
  firstUnackedEntry: plain('oldest unacked entry'),
  lastConfirmedEntry: plain('last entry of the topic'),
  markDeletePosition: plain('mark-delete position'),
  maxUnackedMessagesPerConsumer: count('limit of unacked messages per consumer'),
  maxUnackedMessagesPerSubscription: count('limit of unacked messages per subscription'),
  msgRateRedeliver: plain('redeliveries'),
  readPosition: plain('read position'),
  subscriptionHavePendingRead: yesOrNo('read requested'),
  subscriptionHavePendingReplayRead: yesOrNo('replay read requested'),
  unreadEntries: count('unread entries'),
  'unreadable entries': count('unreadable entries'),
  address: plain('address'),
  availablePermits: count('permits'),
  backlogQuotaMap: plain('backlog quota'),
  backlogSize: {name: 'backlog size', text: (value) => measured(value, renderBytes)},
  blockedConsumerOnUnackedMsgs: yesOrNo('blocked at the unacked-message limit of the consumer'),
  blockedSubscriptionOnUnackedMsgs: yesOrNo('blocked at the unacked-message limit of the subscription'),
  brokerVersion: plain('broker version'),
  'consumers[].address': plain('consumer address'),
  dispatchThrottledMsgEventsBySubscriptionLimit: count('reads that the dispatch rate throttled'),
  'drainingHashes[].blockedAttempts': count('blocked deliveries'),
  'drainingHashes[].unackMsgs': count('unacked messages'),
  earliestMsgPublishTimeInBacklog: {name: 'oldest message published', text: secondsText},
  'entries read': plain('entries read'),
  hashingScheme: plain('hashing scheme'),
  heldAtLeastMs: {name: 'lock held', text: (value) => measured(value, (ms) => `at least ${durationText(ms)}`)},
  joined: plain('joined during the check'),
  keyHashRangeArrays: plain('slot ranges of the consumers'),
  keySharedLookAheadMsgInReplayThresholdPerConsumer: count('replay-queue limit per consumer'),
  lastAckedTimestamp: time('last ack'),
  lastConsumedFlowTimestamp: time('last permit request'),
  lastConsumedTimestamp: time('last delivery'),
  lastMarkDeleteAdvancedTimestamp: time('last mark-delete advance'),
  left: plain('left during the check'),
  lock: plain('Redis lock'),
  managedLedgerMaxUnackedRangesToPersist: count('ack holes that the broker persists'),
  messageTTL: {name: 'message TTL', text: secondsText},
  'messages of the key': count('messages of the key'),
  'messages without key': count('messages without key'),
  messagesSeen: count('messages used to detect the hashing scheme'),
  'mixed batches': count('batches with several keys'),
  msgBacklog: count('backlog entries'),
  msgDelayed: count('delayed messages'),
  msgInCounter: count('messages published between the samples'),
  msgInReplay: count('messages in the replay queue'),
  msgOutCounter: count('delivered messages'),
  nonContiguousDeletedMessagesRanges: count('ack holes'),
  oldestAgeMs: {name: 'oldest message', text: (value) => measured(value, (ms) => `${durationText(ms)} old`)},
  oldestPosition: plain('position of the oldest message'),
  'previous owner': plain('previous owner'),
  relation: {name: 'relation', text: relationText},
  'sampled messages': count('sampled messages'),
  slot: plain('slot'),
  source: plain('source of the hashing scheme'),
  subscriptionDispatchRate: plain('dispatch rate'),
  ttlMs: {
    name: 'lock TTL',
    text: (value) => (value === 'none' ? 'never expires' : measured(value, durationText)),
  },
  type: plain('subscription type'),
  unackedMessages: count('unacked messages'),
  verdict: plain('lock verdict'),
}

/** `oldest message: 83 s old`. The name of a field may contain a slot or a partition. */
export function evidenceText({field, value}: {readonly field: string; readonly value: string}, asOf: string): string {
  const [, name = field, partition] = /^(.*?)(?: \(partition (.+)\))?$/s.exec(field) ?? []
  const [, before, slot, after] = /^(drainingHashes)\[(\d+)\](.*)$/s.exec(name) ?? []
  const base = slot === undefined ? name : `${before ?? ''}[]${after ?? ''}`
  if (!isField(base)) return `${field}: ${value}`
  const words = EVIDENCE_WORDS[base]
  const where = `${slot === undefined ? '' : ` of slot ${slot}`}${partition === undefined ? '' : ` on partition ${partition}`}`
  return `${words.name}${where}: ${words.text(value, asOf)}`
}

function isField(name: string): name is EvidenceField {
  return Object.hasOwn(EVIDENCE_WORDS, name)
}

/** Also of `5 → 12`, the values of two samples. */
function countText(value: string): string {
  return /^\d+(?: → \d+)?$/.test(value) ? value.replaceAll(/\d+/g, (digits) => numberText(Number(digits))) : value
}

function measured(value: string, text: (amount: number) => string): string {
  return /^\d+(?:\.\d+)?$/.test(value) ? text(Number(value)) : value
}

function timeText(value: string, asOf: string): string {
  return Number.isNaN(Date.parse(value)) ? value : (ageText(asOf, value) ?? value)
}

/** Of `83458 s` and `83458 s ago`. */
function secondsText(value: string): string {
  return value.replace(/^\d+ s/, (text) => durationText(Number.parseInt(text, 10) * 1000))
}

function relationText(value: string): string {
  return Object.hasOwn(RELATION, value) ? RELATION[value as keyof typeof RELATION] : value
}

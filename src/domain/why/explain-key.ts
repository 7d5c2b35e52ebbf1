import {nameAndAddressOf} from '../locks/consumers/lock-correlation.js'
import {clientText} from '../doctor/facts/client-facts.js'
import type {EvidenceField} from '../doctor/facts/evidence.js'
import {hasChanged} from './consumer-changes.js'
import {lastAckEvidence} from './last-activity.js'
import {counted} from '../../wording.js'
import {possibleSchemes} from '../keys/hashing/detect-routing.js'
import {type KeyFacts, type Verdict, verdictOf} from './key-verdict.js'

/** One step on the way from a key to the consumer of its messages. */
export interface ChainLink {
  subject: 'backlog' | 'draining' | 'lock' | 'owner' | 'partition' | 'slot'
  /** one sentence */
  message: string
  evidence: Array<{field: string; value: string}>
}

export interface Explanation {
  topic: string
  subscription: string
  key: string
  /** null on a topic without partitions, and when unknown */
  partition: number | null
  /** null if the subscription type has no slots */
  slot: number | null
  /** the consumer of the key's messages; null if no consumer receives them, or any consumer may */
  consumer: {name: string | null; address: string | null} | null
  /** when the consumers were last read, ISO 8601; later changes are not included */
  asOf: string
  /** whether consumers joined or left between the readings: then the owner may have changed again */
  changing: boolean
  chain: ChainLink[]
  verdict: Verdict
}

export function explain(facts: KeyFacts): Explanation {
  const {asOf, changes, destination, key, subscription, topic} = facts
  const isChanging = hasChanged(changes)
  const verdict = verdictOf(facts)
  return {
    topic,
    subscription,
    key,
    partition: destination.partition,
    slot: destination.slot,
    consumer: nameAndAddressOf(destination.consumer),
    asOf,
    changing: isChanging,
    chain: chainOf(facts),
    verdict: isChanging && verdict.confidence === 'high' ? {...verdict, confidence: 'medium'} : verdict,
  }
}

function chainOf(facts: KeyFacts): ChainLink[] {
  const {drainingConsumer, slot} = facts.destination
  return [
    ...partitionLink(facts),
    ...(slot === null ? [] : [link('slot', `slot ${String(slot)}`, [['slot', String(slot)]])]),
    ownerLink(facts),
    ...(drainingConsumer
      ? [
          link('draining', `the slot is draining: ${clientText(drainingConsumer)} must first ack its older messages`, [
            ['slot', String(slot)],
          ]),
        ]
      : []),
    backlogLink(facts),
    ...(facts.asksForLocks ? [lockLink(facts)] : []),
  ]
}

function partitionLink({destination: {partition}, messages, routing, search}: KeyFacts): ChainLink[] {
  const {expected, others} = search
  if (partition === null && others === null) return []
  const {hashingScheme, messagesSeen, source} = routing
  // Two schemes matter only if they route this key to different partitions.
  const schemes = expected === null ? possibleSchemes(routing).join(' or ') : hashingScheme
  const scheme = hashingScheme === null ? 'hashing scheme unknown' : `${schemes ?? ''}, ${sourceText(routing)}`
  const searched = others === null ? '' : '; searched all partitions'
  const isFound = messages.oldest !== null && (expected === null || partition !== expected)
  const where =
    partition === null
      ? `partition unknown (${scheme}${searched})`
      : isFound
        ? `partition ${String(partition)}, where its messages are (${scheme}${expected === null ? '' : ` routes new messages to partition ${String(expected)}`}${searched})`
        : `partition ${String(partition)} (${scheme}${searched})`
  const more =
    messages.partitions.length > 1 ? `; partitions ${messages.partitions.join(', ')} have messages of the key` : ''
  return [
    link('partition', where + more, [
      ['hashingScheme', hashingScheme ?? 'unknown'],
      ['source', isFound ? 'messages of the key' : (source ?? 'unknown')],
      ['messagesSeen', String(messagesSeen)],
    ]),
  ]
}

function sourceText({messagesSeen, source}: KeyFacts['routing']): string {
  if (source === 'messages') return `detected from ${counted(messagesSeen, 'message')}`
  return source === 'flag' ? 'set by --hashing-scheme' : 'assumed'
}

const RECEIVERS: Readonly<Record<Exclude<KeyFacts['destination']['receiver'], 'consumer'>, string>> = {
  'any-consumer': 'any consumer can receive its messages',
  'no-consumer': 'no consumer receives its messages',
  unknown: 'which consumer receives its messages depends on the partition',
}

function ownerLink({
  changes: {joined, left, ownerBefore},
  destination: {consumer, receiver},
  type,
}: KeyFacts): ChainLink {
  const owner =
    consumer === null ? RECEIVERS[receiver === 'consumer' ? 'unknown' : receiver] : `consumer ${clientText(consumer)}`
  return link('owner', owner, [
    ['type', type ?? 'unknown'],
    ['address', consumer?.address ?? 'none'],
    ...(consumer ? lastAckEvidence(consumer) : []),
    ...(joined.length === 0 ? [] : [['joined', joined.join(', ')] as const]),
    ...(left.length === 0 ? [] : [['left', left.join(', ')] as const]),
    ...(ownerBefore === null ? [] : [['previous owner', ownerBefore] as const]),
  ])
}

function backlogLink({messages, nowMs}: KeyFacts): ChainLink {
  const {backlogEntries, entriesRead, entriesUnreadable, isComplete, oldest} = messages
  const evidence: Array<readonly [EvidenceField, string]> = [
    ['entries read', `${isComplete ? '' : 'oldest '}${String(entriesRead)} of ${String(backlogEntries)}`],
    ...(entriesUnreadable === 0 ? [] : [['unreadable entries', String(entriesUnreadable)] as const]),
    ['messages of the key', String(messages.messages)],
  ]
  if (oldest === null) return link('backlog', 'no unacked message of this key in the entries read', evidence)
  return link(
    'backlog',
    `${counted(messages.messages, 'unacked message')}, the oldest ${oldest.isRead ? 'delivered or awaiting redelivery' : 'not yet read by the broker'}`,
    [
      ...evidence,
      ['oldestPosition', oldest.position],
      ['oldestAgeMs', oldest.publishedAtMs === null ? 'unknown' : String(Math.max(0, nowMs - oldest.publishedAtMs))],
    ],
  )
}

function lockLink({lock}: KeyFacts): ChainLink {
  if (lock === null) return link('lock', 'no Redis lock is held for this key', [])
  return link(
    'lock',
    `Redis lock held by ${lock.holder?.consumer ?? lock.holder?.host ?? lock.holder?.token ?? 'an unknown client'}`,
    [
      ['lock', lock.key],
      ['relation', lock.messages?.relation ?? 'unknown'],
      ['ttlMs', lock.ttlMs === null ? 'none' : String(lock.ttlMs)],
      ['verdict', lock.verdict],
    ],
  )
}

function link(
  subject: ChainLink['subject'],
  message: string,
  evidence: ReadonlyArray<readonly [EvidenceField, string]>,
): ChainLink {
  return {subject, message, evidence: evidence.map(([field, value]) => ({field, value}))}
}

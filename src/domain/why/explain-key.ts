import {nameAndAddressOf} from '../locks/consumers/lock-correlation.js'
import {displayName} from '../doctor/facts/subscription-facts.js'
import {hasChanged} from './consumer-changes.js'
import {lastAckEvidence} from './last-activity.js'
import {type KeyFacts, type Verdict, verdictOf} from './key-verdict.js'

/** One step from a key to whoever handles its messages. */
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
  /** null on a plain topic */
  partition: number | null
  /** null where the subscription makes no slots of keys */
  slot: number | null
  /** who gets the key's messages; null when nobody does, or anybody may */
  consumer: {name: string | null; address: string | null} | null
  /** when its consumer was read, last of all, ISO 8601: who comes or goes later is not in it */
  asOf: string
  /** whether consumers came or went while it was looked: then the owner may be another by now */
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
  const {destination, routing} = facts
  const {drainingConsumer, partition, slot} = destination
  return [
    ...(partition === null
      ? []
      : [
          link('partition', `it goes to partition ${String(partition)}`, [
            ['hashingScheme', routing.hashingScheme],
            ['told by', `${routing.source ?? 'assumption'}, ${String(routing.messagesSeen)} messages seen`],
          ]),
        ]),
    ...(slot === null ? [] : [link('slot', `its slot is ${String(slot)}`, [['slot', String(slot)]])]),
    ownerLink(facts),
    ...(drainingConsumer
      ? [
          link('draining', `${displayName(drainingConsumer)} has to acknowledge older messages of the slot first`, [
            ['slot', String(slot)],
          ]),
        ]
      : []),
    backlogLink(facts),
    ...(facts.asksForLocks ? [lockLink(facts)] : []),
  ]
}

function ownerLink({changes: {joined, left, ownerBefore}, destination: {consumer}, type}: KeyFacts): ChainLink {
  const owner =
    consumer === null
      ? type === 'Shared'
        ? 'any consumer may get its messages'
        : 'no consumer gets its messages'
      : `${displayName(consumer)} gets its messages`
  return link('owner', owner, [
    ['type', type ?? 'unknown'],
    ['address', consumer?.address ?? 'none'],
    ...(consumer ? lastAckEvidence(consumer) : []),
    ...(joined.length === 0 ? [] : [['came meanwhile', joined.join(', ')] as const]),
    ...(left.length === 0 ? [] : [['went meanwhile', left.join(', ')] as const]),
    ...(ownerBefore === null ? [] : [['owner before', ownerBefore] as const]),
  ])
}

function backlogLink({messages, nowMs}: KeyFacts): ChainLink {
  const {backlogEntries, entriesRead, isComplete, oldest} = messages
  const evidence: Array<readonly [string, string]> = [
    ['entries read', `${String(entriesRead)} of ${String(backlogEntries)}${isComplete ? '' : ', the oldest'}`],
    ['messages of the key', String(messages.messages)],
  ]
  if (oldest === null) return link('backlog', 'none of its messages waits in what was read', evidence)
  return link(
    'backlog',
    `${String(messages.messages)} of its messages are not acknowledged, the oldest ${oldest.isRead ? 'was read by the broker' : 'was not read yet'}`,
    [
      ...evidence,
      ['oldest position', oldest.position],
      ['oldest age, ms', oldest.publishedAtMs === null ? 'unknown' : String(Math.max(0, nowMs - oldest.publishedAtMs))],
    ],
  )
}

function lockLink({lock}: KeyFacts): ChainLink {
  if (lock === null) return link('lock', 'nobody holds a Redis lock of it', [])
  return link(
    'lock',
    `${lock.holder?.consumer ?? lock.holder?.host ?? lock.holder?.token ?? 'somebody'} holds its Redis lock`,
    [
      ['lock', lock.key],
      ['relation', lock.messages?.relation ?? 'unknown'],
      ['ttlMs', lock.ttlMs === null ? 'none' : String(lock.ttlMs)],
      ['verdict', lock.verdict],
    ],
  )
}

function link(
  name: ChainLink['subject'],
  message: string,
  evidence: ReadonlyArray<readonly [string, string]>,
): ChainLink {
  return {subject: name, message, evidence: evidence.map(([field, value]) => ({field, value}))}
}

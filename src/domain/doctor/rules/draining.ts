import {counted, numberText} from '../../../wording.js'
import {type ClientConsumer, type ClientFacts, clientText, hasNotAcked} from '../facts/client-facts.js'
import {evidence} from '../facts/evidence.js'
import type {Draft} from '../facts/doctor-finding.js'
import {type SubscriptionFacts, whereText} from '../facts/subscription-facts.js'
import {checkConsumers, inspectCommand, restartConsumers, unloadTopic} from '../facts/remedies.js'

/** Slots that a client has lost and whose older messages it does not acknowledge: one finding for each consumer and partition. */
export function drainingRules(facts: SubscriptionFacts): Draft[] {
  return facts.clients.flatMap((client) => drainingSlots(facts, client))
}

export function drainingSlots(facts: SubscriptionFacts, client: ClientFacts): Draft[] {
  return hasNotAcked(facts, client) ? client.consumers.flatMap((one) => drainFinding(facts, client, one)) : []
}

interface Drain {
  readonly slot: number
  readonly unacked: number
  readonly attempts: number
}

/** Draining slots of this consumer with the same unacked messages in both samples and failed attempts to deliver newer ones. */
function stuckDrains({before, now}: ClientConsumer): Drain[] {
  return (now.drainingHashes ?? []).flatMap(({blockedAttempts, hash, unackMsgs}) => {
    const earlier = before.drainingHashes?.find((one) => one.hash === hash)
    const isStuck = earlier?.unackMsgs === unackMsgs && blockedAttempts > 0
    return isStuck ? [{slot: hash, unacked: unackMsgs, attempts: blockedAttempts}] : []
  })
}

/** It names the slot with the most failed delivery attempts. */
function drainFinding(facts: SubscriptionFacts, client: ClientFacts, one: ClientConsumer): Draft[] {
  const drains = stuckDrains(one).toSorted((a, b) => b.attempts - a.attempts || a.slot - b.slot)
  const [worst] = drains
  if (!worst) return []
  const slots =
    drains.length === 1 ? '1 draining slot is blocked' : `${numberText(drains.length)} draining slots are blocked`
  return [
    {
      code: 'draining-slot-blocked',
      severity: 'error',
      message:
        `${slots}${whereText([one])}: ${clientText(client)} must first ack ${counted(worst.unacked, 'older message')} of slot ` +
        `${String(worst.slot)}, which is now assigned to another consumer`,
      partitions: [one.partition],
      consumers: [client],
      slot: worst.slot,
      sinceMs: client.lastAckMs,
      evidence: drains
        .slice(0, SLOTS_SHOWN)
        .flatMap(({attempts, slot, unacked: count}) => [
          evidence(`drainingHashes[${String(slot)}].unackMsgs`, count),
          evidence(`drainingHashes[${String(slot)}].blockedAttempts`, attempts),
        ]),
      remedies: [inspectCommand(facts), checkConsumers([client]), ...restartConsumers([client]), unloadTopic(facts)],
      links: [],
    },
  ]
}

const SLOTS_SHOWN = 5

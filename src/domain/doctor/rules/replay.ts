import {counted} from '../../../wording.js'
import {type ClientFacts, clientsText, hasNoPermits, unackedOf} from '../facts/client-facts.js'
import {countsUnacked} from '../../topic-stats/unacked-messages.js'
import {evidence} from '../facts/evidence.js'
import type {Draft} from '../facts/doctor-finding.js'
import type {PartitionFacts} from '../facts/partition-facts.js'
import {isMarkDeleteHeld, type SubscriptionFacts, whereText} from '../facts/subscription-facts.js'
import {gapOf} from './delivery.js'
import {inspectCommand, restartConsumers, unloadTopic} from '../facts/remedies.js'
import {isThrottled} from './throttling.js'

/** The replay queue holds messages that were read but could not be delivered, and messages to be redelivered. */
export function replayRules(facts: SubscriptionFacts): Draft[] {
  return [...lookAheadFull(facts), ...replayGrows(facts), ...replayStuck(facts)]
}

/** Key_Shared stops reading when the replay queue reaches this limit. It fills while older messages of the same keys are unacked. */
export function isLookAheadFull({settings, type}: SubscriptionFacts, {now}: PartitionFacts): boolean {
  const {consumers = [], msgInReplay = 0} = now
  const limit = settings.isKeySharedClassic === true ? null : lookAheadLimit(settings, consumers.length)
  return type === 'Key_Shared' && limit !== null && consumers.length > 0 && msgInReplay >= limit
}

/** A setting of 0 means that there is no limit. @see apache/pulsar #23231 keySharedLookAheadMsgInReplayThresholdPerConsumer, …PerSubscription (4.0) */
function lookAheadLimit(
  {lookAheadPerConsumer, lookAheadPerSubscription}: SubscriptionFacts['settings'],
  consumers: number,
): number | null {
  const limits = [
    ...(lookAheadPerConsumer !== null && lookAheadPerConsumer > 0 ? [lookAheadPerConsumer * consumers] : []),
    ...(lookAheadPerSubscription !== null && lookAheadPerSubscription > 0 ? [lookAheadPerSubscription] : []),
  ]
  return limits.length === 0 ? null : Math.min(...limits)
}

function lookAheadFull(facts: SubscriptionFacts): Draft[] {
  const rows = facts.partitions.filter((row) => isLookAheadFull(facts, row))
  if (rows.length === 0) return []
  const culprits = whoFillsReplay(facts)
  return [
    {
      code: 'look-ahead-full',
      severity: 'error',
      message:
        `The broker stopped reading${whereText(rows)}: the replay queue reached its limit with ` +
        `${counted(inReplay(rows), 'message')} that cannot be delivered to the consumers of their keys yet` +
        culpritText(culprits),
      ...aboutReplay(rows, culprits),
      evidence: [
        ...rows.map(({now, partition}) => evidence('msgInReplay', now.msgInReplay, partition)),
        ...permitsOf(culprits),
        evidence('keySharedLookAheadMsgInReplayThresholdPerConsumer', facts.settings.lookAheadPerConsumer),
      ],
      remedies: [
        inspectCommand(facts),
        ...relieve(facts, culprits),
        {
          command: 'raise keySharedLookAheadMsgInReplayThresholdPerConsumer',
          cost: 'a broker setting; every Key_Shared subscription may use more memory',
        },
      ],
      links: ['apache/pulsar#23231 (4.0.0)', 'PIP-474 (apache/pulsar#25706)'],
    },
  ]
}

/** A replay queue as long as the one at which the current dispatcher stops reading. */
const LONG_REPLAY = 2000

/** The classic dispatcher reads on however long the replay queue gets, until the broker runs out of memory. */
function replayGrows(facts: SubscriptionFacts): Draft[] {
  if (facts.type !== 'Key_Shared' || facts.settings.isKeySharedClassic !== true) return []
  const rows = facts.partitions.filter(
    ({before, now}) => (now.msgInReplay ?? 0) >= LONG_REPLAY && (now.msgInReplay ?? 0) >= (before.msgInReplay ?? 0),
  )
  const culprits = whoFillsReplay(facts)
  if (rows.length === 0 || culprits.length === 0) return []
  return [
    {
      code: 'replay-queue-grows',
      severity: 'warn',
      message:
        `The replay queue has ${counted(inReplay(rows), 'message')}${whereText(rows)}, and the classic dispatcher reads ` +
        `on without a limit, which can use up the broker's memory${culpritText(culprits)}`,
      ...aboutReplay(rows, culprits),
      evidence: [
        ...rows.map(({before, now, partition}) =>
          evidence('msgInReplay', `${String(before.msgInReplay ?? 'unknown')} → ${String(now.msgInReplay)}`, partition),
        ),
        ...permitsOf(culprits),
      ],
      remedies: [inspectCommand(facts), ...relieve(facts, culprits)],
      links: ['apache/pulsar#26677', 'apache/pulsar#23200'],
    },
  ]
}

/**
 * The replay queue does not get shorter, although all consumers have permits and nothing holds its messages back: no unacked
 * message, no draining slot, no dispatch rate. Another consumer may go on with newly read messages.
 */
function replayStuck(facts: SubscriptionFacts): Draft[] {
  const rows = facts.partitions.filter((row) => {
    const {before, consumers, now} = row
    const isUnchanged = (now.msgInReplay ?? 0) > 0 && (now.msgInReplay ?? 0) >= (before.msgInReplay ?? 0)
    const haveAllPermits = consumers.every(({before: earlier, now: one}) =>
      [earlier, one].every(({availablePermits = 0}) => availablePermits > 0),
    )
    const idle = consumers.filter(({before: earlier, now: one}) => one.msgOutCounter === earlier.msgOutCounter)
    const holdsMessages = idle.some(({now: one}) => (one.unackedMessages ?? 0) > 0)
    const isHeldBack =
      holdsMessages ||
      consumers.some(({now: one}) => (one.drainingHashes ?? []).length > 0) ||
      Object.keys(now.consumersAfterMarkDeletePosition ?? {}).length > 0 ||
      gapOf(row) !== null || // messages of slots that no consumer requested stay in the replay queue, too
      isThrottled(facts, row)
    const isLong = row.progress.state === 'stalled' || isMarkDeleteHeld(facts, row)
    return isUnchanged && countsUnacked(row.now) && haveAllPermits && idle.length > 0 && !isHeldBack && isLong
  })
  if (rows.length === 0) return []
  return [
    {
      code: 'replay-stuck',
      severity: 'error',
      message: `The broker does not redeliver ${counted(inReplay(rows), 'message')} in the replay queue${whereText(rows)}, although consumers have permits; this is probably a bug of Pulsar ${facts.brokerVersion}`,
      partitions: rows.map(({partition}) => partition),
      sinceMs: Math.min(
        ...rows.map(({now, progress}) => progress.sinceMs ?? now.lastMarkDeleteAdvancedTimestamp ?? facts.nowMs),
      ),
      evidence: rows.flatMap(({consumers, now, partition}) => [
        evidence('msgInReplay', now.msgInReplay, partition),
        evidence(
          'availablePermits',
          consumers
            .map(({now: one}) => `${one.consumerName ?? 'unnamed'} ${String(one.availablePermits ?? 'unknown')}`)
            .join(', '),
          partition,
        ),
      ]),
      remedies: [
        inspectCommand(facts),
        unloadTopic(facts),
        {command: 'upgrade the broker to 4.0.13, 4.2.4 or later', cost: 'a rolling restart'},
      ],
      links: ['apache/pulsar#23845', 'apache/pulsar#24736 (4.0.7, 4.2.0)', 'apache/pulsar#26236 (4.0.13, 4.2.4)'],
    },
  ]
}

/** Clients without permits: messages of their keys stay in the replay queue. Without such, those with unacked messages. */
function whoFillsReplay({clients}: SubscriptionFacts): ClientFacts[] {
  const holders = clients.filter((one) => (unackedOf(one) ?? 0) > 0)
  const full = holders.filter(hasNoPermits)
  return full.length > 0 ? full : holders
}

function culpritText(culprits: readonly ClientFacts[]): string {
  if (culprits.length === 0) return ''
  const unacked = culprits.reduce((sum, one) => sum + (unackedOf(one) ?? 0), 0)
  const why = culprits.every(hasNoPermits)
    ? `${culprits.length === 1 ? 'has' : 'have'} no permits and ${counted(unacked, 'unacked message')}`
    : `${culprits.length === 1 ? 'has' : 'have'} ${counted(unacked, 'unacked message')}`
  return `. The messages are probably for ${clientsText(culprits)}, which ${why}`
}

function permitsOf(culprits: readonly ClientFacts[]): Draft['evidence'] {
  return culprits.flatMap(({consumers}) =>
    consumers.map(({now, partition}) =>
      evidence(
        'availablePermits',
        `${now.consumerName ?? 'unnamed'} ${String(now.availablePermits ?? 'unknown')}`,
        partition,
      ),
    ),
  )
}

/** A client that acknowledges is slow, not stuck: a restart would only send its messages to it again. */
function relieve(facts: SubscriptionFacts, culprits: readonly ClientFacts[]): Draft['remedies'] {
  const stuck = culprits.filter(
    ({isAcking, lastAckMs}) => !isAcking && (lastAckMs === null || facts.nowMs - lastAckMs > facts.stuckAfterMs),
  )
  if (stuck.length > 0) return restartConsumers(stuck)
  if (culprits.length === 0) return []
  const keys = culprits.length === 1 ? 'its keys' : 'their keys'
  return [
    {
      command: `process messages faster in ${clientsText(culprits)}, or spread ${keys} over more consumers`,
      cost: 'a deployment',
    },
  ]
}

function inReplay(rows: readonly PartitionFacts[]): number {
  return rows.reduce((sum, {now}) => sum + (now.msgInReplay ?? 0), 0)
}

function aboutReplay(
  rows: readonly PartitionFacts[],
  culprits: readonly ClientFacts[],
): Pick<Draft, 'consumers' | 'partitions' | 'sinceMs'> {
  const [only] = culprits.length === 1 ? culprits : []
  return {partitions: rows.map(({partition}) => partition), consumers: culprits, sinceMs: only?.lastAckMs ?? null}
}

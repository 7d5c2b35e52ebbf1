import {knownBugs} from '../../keys/selectors/known-bugs.js'
import {coverageOf, KEY_SLOTS, type SlotRange} from '../../keys/selectors/slot-ranges.js'
import {reportedConsumers} from '../../keys/assignment/reported-consumers.js'
import {
  backlogOf,
  isNotDelivered,
  nameOf,
  type PartitionFacts,
  type SubscriptionFacts,
  whereText,
} from '../facts/subscription-facts.js'
import {clientNameOf} from '../../topic-stats/consumers.js'
import type {Draft} from '../facts/doctor-finding.js'
import {operands, suggestedCommand} from '../../../suggested-command.js'
import {counted, numberText} from '../../../wording.js'
import {inspectCommand, pulsarAdmin, unloadTopic} from './remedies.js'

/** Causes that affect the whole subscription: nothing is delivered, or not in the way that its type promises. */
export function deliveryRules(facts: SubscriptionFacts): Draft[] {
  return [
    ...noConsumers(facts),
    ...mixedTypes(facts),
    ...stickyGap(facts),
    ...replayStuck(facts),
    ...redeliveredOverAndOver(facts),
    ...delayed(facts),
    ...duplicateNames(facts),
    ...keySharedBugs(facts),
  ]
}

/** Based on the broker version alone: the subscription may be healthy. */
function keySharedBugs({brokerVersion, type}: SubscriptionFacts): Draft[] {
  const bugs = type === 'Key_Shared' ? knownBugs(brokerVersion) : []
  if (bugs.length === 0) return []
  return [
    {
      code: 'known-bugs',
      severity: 'info',
      message: `Key_Shared has ${counted(bugs.length, 'known bug')} in Pulsar ${brokerVersion}: ${bugs.map(({symptom}) => symptom).join('; ')}`,
      evidence: [{field: 'brokerVersion', value: brokerVersion}],
      remedies: [{command: 'upgrade the broker', cost: 'a rolling restart'}],
      links: bugs.map(({pull}) => `apache/pulsar${pull}`),
    },
  ]
}

function noConsumers(facts: SubscriptionFacts): Draft[] {
  const rows = facts.partitions.filter((row) => backlogOf(row) > 0 && (row.now.consumers ?? []).length === 0)
  if (rows.length === 0) return []
  const isAll = facts.partitions.every(({now}) => (now.consumers ?? []).length === 0)
  const entries = rows.reduce((sum, row) => sum + backlogOf(row), 0)
  return [
    {
      code: isAll ? 'no-consumers' : 'partitions-without-consumer',
      severity: 'error',
      message: `No consumer connected${isAll ? '' : whereText(rows)}, backlog ${counted(entries, 'entry', 'entries')}`,
      partitions: rows.map(({partition}) => partition),
      evidence: rows.map(({now}) => ({field: 'msgBacklog', value: String(now.msgBacklog ?? 'unknown')})),
      remedies: [{command: 'start the consumers', cost: 'consumers receive the whole backlog'}],
    },
  ]
}

/** Each partition has a type of its own; if they differ, ordering and limits differ from partition to partition. */
function mixedTypes({partitions}: SubscriptionFacts): Draft[] {
  const live = partitions.filter(({now}) => now.type !== undefined && now.type !== 'None')
  const kindOf = ({now}: PartitionFacts): string =>
    now.type === 'Key_Shared'
      ? `Key_Shared ${now.keySharedMode ?? ''}${now.allowOutOfOrderDelivery === true ? ', out of order' : ''}`
      : (now.type ?? '')
  const kinds = Map.groupBy(live, kindOf)
  if (kinds.size < 2) return []
  const text = [...kinds].map(([kind, rows]) => `${kind}${whereText(rows)}`)
  const isSameType = new Set(live.map(({now}) => now.type)).size === 1
  return [
    {
      code: isSameType ? 'mixed-key-shared-policies' : 'mixed-types',
      severity: 'error',
      message: `The partitions have different ${isSameType ? 'Key_Shared policies' : 'subscription types'}: ${text.join('; ')}`,
      partitions: live.map(({partition}) => partition),
      evidence: live.map((row) => ({field: `type (partition ${String(row.partition)})`, value: kindOf(row)})),
      remedies: [
        {
          command: 'stop the consumers with the wrong type or policy, and start them with that of the others',
          cost: 'no delivery on these partitions while they have no consumer, which resets their type',
        },
      ],
    },
  ]
}

/** With STICKY ranges the broker cannot deliver messages of a slot that no consumer requested; soon they block all others. */
function stickyGap(facts: SubscriptionFacts): Draft[] {
  const gaps = facts.partitions.flatMap((row) => {
    const gap = gapOf(row)
    return gap ? [{row, gap}] : []
  })
  const [first] = gaps
  if (!first) return []
  return [
    {
      code: 'sticky-ranges-gap',
      severity: 'error',
      message: `No consumer requested slots ${String(first.gap.start)} to ${String(first.gap.end)}${whereText(gaps.map(({row}) => row))}; messages of their keys are not delivered`,
      partitions: gaps.map(({row}) => row.partition),
      slot: first.gap.start,
      evidence: gaps.map(({gap}) => ({
        field: 'keyHashRangeArrays',
        value: `[${String(gap.start)}, ${String(gap.end)}] missing`,
      })),
      remedies: [
        {command: suggestedCommand('keys', 'ranges', ...operands(facts.topic, facts.subscription)), cost: 'none'},
        {command: 'start the consumer of these ranges', cost: 'it receives the backlog of these slots'},
      ],
    },
  ]
}

/** The first slots that no STICKY consumer requested; null if there are none, or if the broker reports no ranges. */
function gapOf({now}: PartitionFacts): SlotRange | null {
  if (now.keySharedMode?.toUpperCase() !== 'STICKY') return null
  const ranges = reportedConsumers(now).flatMap((one) => one.ranges)
  return ranges.length === 0 ? null : (coverageOf(ranges, KEY_SLOTS).missing[0] ?? null)
}

/** The replay queue does not change, although consumers have permits and nothing that the replay would have to wait for. */
function replayStuck(facts: SubscriptionFacts): Draft[] {
  const rows = facts.partitions.filter((row) => {
    const {before, consumers, now} = row
    const isUnchanged = (now.msgInReplay ?? 0) > 0 && now.msgInReplay === before.msgInReplay && isNotDelivered(row)
    const canTake = consumers.some((one) => (one.now.availablePermits ?? 0) > 0)
    const holdsNone = consumers.every((one) => (one.now.unackedMessages ?? 0) === 0)
    const isThrottled =
      (now.dispatchThrottledMsgEventsBySubscriptionLimit ?? 0) >
      (before.dispatchThrottledMsgEventsBySubscriptionLimit ?? 0)
    const hasGap = gapOf(row) !== null // messages of slots that no consumer requested stay in the replay queue, too
    return isUnchanged && canTake && holdsNone && !isThrottled && !hasGap && facts.dispatchRate === null
  })
  if (rows.length === 0) return []
  const inReplay = rows.reduce((sum, {now}) => sum + (now.msgInReplay ?? 0), 0)
  return [
    {
      code: 'replay-stuck',
      severity: 'error',
      message: `The broker does not redeliver ${counted(inReplay, 'message')} in the replay queue${whereText(rows)}, although consumers have permits; this is probably a bug of Pulsar ${facts.brokerVersion}`,
      partitions: rows.map(({partition}) => partition),
      evidence: rows.flatMap(({consumers, now}) => [
        {field: 'msgInReplay', value: String(now.msgInReplay)},
        {
          field: 'availablePermits',
          value: consumers
            .map((one) => `${nameOf(one.now)} ${String(one.now.availablePermits ?? 'unknown')}`)
            .join(', '),
        },
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

/** More messages were delivered than publishing and the backlog explain, so some were delivered repeatedly. */
function redeliveredOverAndOver(facts: SubscriptionFacts): Draft[] {
  const rows = facts.partitions.flatMap((row) => {
    const {before, consumers, delivered, now, published} = row
    if (delivered === null || published === null || consumers.some(({now: one}) => (one.avgMessagesPerEntry ?? 0) > 1))
      return []
    // Without redelivery, deliveries equal the acknowledged messages plus the rise of unacked messages.
    const acknowledged = published - (backlogOf(row) - (before.msgBacklog ?? 0))
    const newlyHeld = (now.unackedMessages ?? 0) - (before.unackedMessages ?? 0)
    const again = delivered - Math.max(0, acknowledged) - Math.max(0, newlyHeld)
    const isMarkDeleteUnchanged =
      before.lastMarkDeleteAdvancedTimestamp === now.lastMarkDeleteAdvancedTimestamp && backlogOf(row) > 0
    return again >= FEWEST_AGAIN && isMarkDeleteUnchanged ? [{row, again}] : []
  })
  if (rows.length === 0) return []
  const again = rows.reduce((sum, one) => sum + one.again, 0)
  const where = whereText(rows.map(({row}) => row))
  return [
    {
      code: 'redelivered-over-and-over',
      severity: 'error',
      message: `About ${numberText(again)} redeliveries in ${String(Math.round(facts.elapsedMs / 1000))} s${where}, while the oldest message stays unacked; its consumer probably cannot process it`,
      partitions: rows.map(({row}) => row.partition),
      evidence: rows.flatMap(({row}) => [
        {field: 'msgOutCounter', value: `${String(row.before.msgOutCounter)} → ${String(row.now.msgOutCounter)}`},
        {field: 'msgBacklog', value: `${String(row.before.msgBacklog)} → ${String(row.now.msgBacklog)}`},
      ]),
      remedies: [
        {
          command: suggestedCommand(
            ...['keys', 'sample', '--where', 'head', '--max', '10'],
            ...operands(facts.topic, facts.subscription),
          ),
          cost: 'none (lists the keys of the oldest messages)',
        },
        {
          command: 'set a dead-letter policy in the consumers',
          cost: 'a deployment; the message moves to the dead-letter topic',
        },
        {
          command: pulsarAdmin('topics', 'skip', '--count', '1', '--subscription', facts.subscription, facts.topic),
          cost: 'the subscription loses the message. Do not run it while slots are draining (apache/pulsar#25627)',
        },
      ],
    },
  ]
}

const FEWEST_AGAIN = 3

/** Nothing is stuck: their delivery time has not come. */
function delayed(facts: SubscriptionFacts): Draft[] {
  const rows = facts.partitions.filter((row) => (row.now.msgDelayed ?? 0) > 0)
  const count = rows.reduce((sum, {now}) => sum + (now.msgDelayed ?? 0), 0)
  if (count === 0) return []
  return [
    {
      code: 'delayed-messages',
      severity: 'info',
      message: `${counted(count, 'delayed message')}${whereText(rows)}: part of the backlog, but not due for delivery yet`,
      partitions: rows.map(({partition}) => partition),
      evidence: rows.flatMap(({now}) => [
        {field: 'msgDelayed', value: String(now.msgDelayed)},
        {field: 'msgBacklog', value: String(now.msgBacklog ?? 'unknown')},
      ]),
      remedies: [{command: 'wait until they are due', cost: 'none'}],
    },
  ]
}

/** The key ranges depend on the consumer names, so consumers with the same name cannot be distinguished. */
function duplicateNames(facts: SubscriptionFacts): Draft[] {
  if (facts.type !== 'Key_Shared' && facts.type !== 'Failover') return []
  const rows = facts.partitions.flatMap((row) => {
    const names = Map.groupBy(row.now.consumers ?? [], ({consumerName}) => consumerName ?? '')
    return [...names].flatMap(([name, consumers]) =>
      name !== '' && consumers.length > 1 ? [{row, name, consumers}] : [],
    )
  })
  const [first] = rows
  if (!first) return []
  const same = rows.filter(({name}) => name === first.name)
  return [
    {
      code: 'duplicate-consumer-names',
      severity: 'warn',
      message: `${counted(first.consumers.length, 'consumer')} have the name ${first.name}${whereText(same.map(({row}) => row))}; reports cannot distinguish their keys, and more keys than necessary move when one of them reconnects`,
      partitions: same.map(({row}) => row.partition),
      consumer: {name: first.name, address: null},
      evidence: first.consumers.map((one) => ({
        field: 'consumers[].address',
        value: clientNameOf(one).address ?? 'unknown',
      })),
      remedies: [{command: 'give each consumer a unique name', cost: 'a deployment'}],
    },
  ]
}

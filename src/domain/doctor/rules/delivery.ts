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
import {inspectCommand, unloadTopic} from './remedies.js'

/** Why a subscription as a whole is not delivered, or not as it should be. */
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

/** What the version alone says: nothing need be wrong now. */
function keySharedBugs({brokerVersion, type}: SubscriptionFacts): Draft[] {
  const bugs = type === 'Key_Shared' ? knownBugs(brokerVersion) : []
  if (bugs.length === 0) return []
  return [
    {
      code: 'known-bugs',
      severity: 'info',
      message: `Key_Shared has known faults in Pulsar ${brokerVersion}: ${bugs.map(({symptom}) => symptom).join('; ')}`,
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
      message: `${isAll ? 'nobody is connected' : `nobody is connected${whereText(rows)}`}: ${String(entries)} entries wait`,
      partitions: rows.map(({partition}) => partition),
      evidence: rows.map(({now}) => ({field: 'msgBacklog', value: String(now.msgBacklog ?? 0)})),
      remedies: [{command: 'start the consumers', cost: 'they get all that waits'}],
    },
  ]
}

/** Partitions that disagree make one subscription behave as several. */
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
      message: `the partitions are of different kinds: ${text.join('; ')}`,
      partitions: live.map(({partition}) => partition),
      evidence: live.map((row) => ({field: `type (partition ${String(row.partition)})`, value: kindOf(row)})),
      remedies: [
        {
          command: 'stop the consumers of the kind that is not wanted, and start them again as the others',
          cost: 'a partition takes its kind from its first consumer: it has to be without one for a moment',
        },
      ],
    },
  ]
}

/** With STICKY ranges a slot that nobody has asked for holds its messages, and soon all that come behind them. */
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
      message: `no consumer has asked for slots ${String(first.gap.start)} to ${String(first.gap.end)}${whereText(gaps.map(({row}) => row))}: messages of their keys are delivered to nobody`,
      partitions: gaps.map(({row}) => row.partition),
      slot: first.gap.start,
      evidence: gaps.map(({gap}) => ({
        field: 'keyHashRangeArrays',
        value: `nobody has [${String(gap.start)}, ${String(gap.end)}]`,
      })),
      remedies: [
        {command: `keyshift keys ranges ${facts.topic} ${facts.subscription}`, cost: 'none'},
        {command: 'start the consumer of these ranges', cost: 'it gets what waits for them'},
      ],
    },
  ]
}

/** The first slots that none of its STICKY consumers has asked for; null where there are none, or it can't be told. */
function gapOf({now}: PartitionFacts): SlotRange | null {
  if (now.keySharedMode?.toUpperCase() !== 'STICKY') return null
  const ranges = reportedConsumers(now).flatMap((one) => one.ranges)
  return ranges.length === 0 ? null : (coverageOf(ranges, KEY_SLOTS).missing[0] ?? null)
}

/** Messages wait to be delivered again, somebody could have them, and nobody gets them. */
function replayStuck(facts: SubscriptionFacts): Draft[] {
  const rows = facts.partitions.filter((row) => {
    const {before, consumers, now} = row
    const isStill = (now.msgInReplay ?? 0) > 0 && now.msgInReplay === before.msgInReplay && isNotDelivered(row)
    const canTake = consumers.some((one) => (one.now.availablePermits ?? 0) > 0)
    const holdsNone = consumers.every((one) => (one.now.unackedMessages ?? 0) === 0)
    const isThrottled =
      (now.dispatchThrottledMsgEventsBySubscriptionLimit ?? 0) >
      (before.dispatchThrottledMsgEventsBySubscriptionLimit ?? 0)
    const isNobodys = gapOf(row) !== null // those of slots that nobody has asked for wait there as well
    return isStill && canTake && holdsNone && !isThrottled && !isNobodys && facts.dispatchRate === null
  })
  if (rows.length === 0) return []
  return [
    {
      code: 'replay-stuck',
      severity: 'error',
      message: `messages that were given back are not delivered again${whereText(rows)}, though consumers ask for them: a fault of the broker (${facts.brokerVersion})`,
      partitions: rows.map(({partition}) => partition),
      evidence: rows.flatMap(({consumers, now}) => [
        {field: 'msgInReplay', value: String(now.msgInReplay)},
        {
          field: 'availablePermits',
          value: consumers.map((one) => `${nameOf(one.now)} ${String(one.now.availablePermits ?? 0)}`).join(', '),
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

/** So many more than were published or lay there were delivered, that the same ones must have come again. */
function redeliveredOverAndOver(facts: SubscriptionFacts): Draft[] {
  const rows = facts.partitions.flatMap((row) => {
    const {before, consumers, delivered, now, published} = row
    if (delivered === null || published === null || consumers.some(({now: one}) => (one.avgMessagesPerEntry ?? 0) > 1))
      return []
    // As if none had come again: what was acknowledged was delivered once, and what is unacknowledged too.
    const acknowledged = published - (backlogOf(row) - (before.msgBacklog ?? 0))
    const newlyHeld = (now.unackedMessages ?? 0) - (before.unackedMessages ?? 0)
    const again = delivered - Math.max(0, acknowledged) - Math.max(0, newlyHeld)
    const isFrozen =
      before.lastMarkDeleteAdvancedTimestamp === now.lastMarkDeleteAdvancedTimestamp && backlogOf(row) > 0
    return again >= FEWEST_AGAIN && isFrozen ? [{row, again}] : []
  })
  if (rows.length === 0) return []
  const again = rows.reduce((sum, one) => sum + one.again, 0)
  const where = whereText(rows.map(({row}) => row))
  return [
    {
      code: 'redelivered-over-and-over',
      severity: 'error',
      message: `about ${String(again)} messages were delivered again within ${String(Math.round(facts.elapsedMs / 1000))} s${where}, and the oldest is never acknowledged: a message that its consumer can't handle`,
      partitions: rows.map(({row}) => row.partition),
      evidence: rows.flatMap(({row}) => [
        {field: 'msgOutCounter', value: `${String(row.before.msgOutCounter)} → ${String(row.now.msgOutCounter)}`},
        {field: 'msgBacklog', value: `${String(row.before.msgBacklog)} → ${String(row.now.msgBacklog)}`},
      ]),
      remedies: [
        {
          command: `keyshift keys sample ${facts.topic} ${facts.subscription} --where head --max 10`,
          cost: 'none: the oldest messages are the suspects',
        },
        {command: 'give the consumers a dead letter policy', cost: 'a deployment; the message goes to another topic'},
        {
          command: `pulsar-admin topics skip --count 1 --subscription ${facts.subscription} ${facts.topic}`,
          cost: 'the message is lost to the subscription; not while slots are draining (apache/pulsar#25627)',
        },
      ],
    },
  ]
}

const FEWEST_AGAIN = 3

/** Nothing is stuck: their time has not come. */
function delayed(facts: SubscriptionFacts): Draft[] {
  const rows = facts.partitions.filter((row) => (row.now.msgDelayed ?? 0) > 0)
  const count = rows.reduce((sum, {now}) => sum + (now.msgDelayed ?? 0), 0)
  if (count === 0) return []
  return [
    {
      code: 'delayed-messages',
      severity: 'info',
      message: `${String(count)} messages wait for their time${whereText(rows)}: they are in the backlog, and nobody is to have them yet`,
      partitions: rows.map(({partition}) => partition),
      evidence: rows.flatMap(({now}) => [
        {field: 'msgDelayed', value: String(now.msgDelayed)},
        {field: 'msgBacklog', value: String(now.msgBacklog ?? 0)},
      ]),
      remedies: [{command: 'wait', cost: 'none'}],
    },
  ]
}

/** Two of one name get ranges from the same points, and nobody can tell them apart. */
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
      message: `${String(first.consumers.length)} consumers are called ${first.name}${whereText(same.map(({row}) => row))}: their keys can't be told apart, and move more than they need`,
      partitions: same.map(({row}) => row.partition),
      consumer: {name: first.name, address: null},
      evidence: first.consumers.map((one) => ({
        field: 'consumers[].address',
        value: clientNameOf(one).address ?? 'unknown',
      })),
      remedies: [{command: 'give each consumer a name of its own', cost: 'a deployment'}],
    },
  ]
}

import {knownBugs} from '../../keys/selectors/known-bugs.js'
import {coverageOf, KEY_SLOTS, type SlotRange} from '../../keys/selectors/slot-ranges.js'
import {reportedConsumers} from '../../keys/assignment/reported-consumers.js'
import type {PartitionFacts} from '../facts/partition-facts.js'
import {backlogOf, type SubscriptionFacts, whereText} from '../facts/subscription-facts.js'
import {clientNameOf} from '../../topic-stats/consumers.js'
import {evidence} from '../facts/evidence.js'
import type {Draft} from '../facts/doctor-finding.js'
import {operands} from '../../../suggested-command.js'
import {counted} from '../../../wording.js'
import {keyshift} from '../facts/remedies.js'

/** Causes that affect the whole subscription: nothing is delivered, or not in the way that its type promises. */
export function deliveryRules(facts: SubscriptionFacts): Draft[] {
  return [
    ...noConsumers(facts),
    ...mixedTypes(facts),
    ...stickyGap(facts),
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
      evidence: [evidence('brokerVersion', brokerVersion)],
      remedies: [{command: 'upgrade the broker', cost: 'a rolling restart'}],
      links: bugs.map(({pull}) => `apache/pulsar${pull}`),
    },
  ]
}

/** Partitions that lost their consumers a moment ago are a warning: in a restart they have none for a short time. */
function noConsumers(facts: SubscriptionFacts): Draft[] {
  const rows = facts.partitions.filter(
    ({before, now, progress}) =>
      [before, now].every(({consumers = []}) => consumers.length === 0) &&
      progress.state !== 'empty' &&
      progress.state !== 'not-due',
  )
  const due = rows.filter((row) => backlogOf(row) > 0)
  if (due.length === 0) return []
  const isAll = facts.partitions.every(({now}) => (now.consumers ?? []).length === 0)
  const entries = due.reduce((sum, row) => sum + backlogOf(row), 0)
  const waiting = due.filter(({progress}) => progress.state !== 'stalled' && progress.sinceMs !== null)
  const sinceMs = earliest(due.map(({progress}) => progress.sinceMs))
  return [
    {
      code: isAll ? 'no-consumers' : 'partitions-without-consumer',
      severity: waiting.length === due.length ? 'warn' : 'error',
      message: `No consumer connected${isAll ? '' : whereText(due)}, backlog ${counted(entries, 'entry', 'entries')}`,
      partitions: due.map(({partition}) => partition),
      sinceMs,
      evidence: due.map(({now, partition}) => evidence('msgBacklog', now.msgBacklog, partition)),
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
      evidence: live.map((row) => evidence('type', kindOf(row), row.partition)),
      remedies: [
        {
          command:
            'stop the consumers with the wrong type or policy, and start them with the type and policy of the other partitions',
          cost: 'no delivery on these partitions until a consumer connects; the first one sets the type and the policy',
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
      evidence: gaps.map(({gap}) =>
        evidence('keyHashRangeArrays', `[${String(gap.start)}, ${String(gap.end)}] missing`),
      ),
      remedies: [
        {command: keyshift('keys ranges', ...operands(facts.topic, facts.subscription)), cost: 'none'},
        {command: 'start the consumer of these ranges', cost: 'it receives the backlog of these slots'},
      ],
    },
  ]
}

/** The first slots that no STICKY consumer requested; null if there are none, or if the broker reports no ranges. */
export function gapOf({now}: PartitionFacts): SlotRange | null {
  if (now.keySharedMode?.toUpperCase() !== 'STICKY') return null
  const ranges = reportedConsumers(now).flatMap((one) => one.ranges)
  return ranges.length === 0 ? null : (coverageOf(ranges, KEY_SLOTS).missing[0] ?? null)
}

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
      evidence: rows.flatMap(({now, partition}) => [
        evidence('msgDelayed', now.msgDelayed, partition),
        evidence('msgBacklog', now.msgBacklog, partition),
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
      consumers: [{name: first.name, address: null}],
      evidence: first.consumers.map((one) => evidence('consumers[].address', clientNameOf(one).address)),
      remedies: [{command: 'give each consumer a unique name', cost: 'a deployment'}],
    },
  ]
}

function earliest(times: ReadonlyArray<number | null>): number | null {
  const known = times.filter((time) => time !== null)
  return known.length === 0 ? null : Math.min(...known)
}

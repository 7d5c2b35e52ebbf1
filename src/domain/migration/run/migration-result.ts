import {type Direction, type JournalEntry} from '../../../clients/journal/journal-store.js'
import {NO_FACTS} from '../../keys/assignment/detect-selector.js'
import {keyRanges} from '../../keys/ranges/range-report.js'
import {countSlots} from '../../keys/selectors/slot-ranges.js'
import type {CollectedSubscription, CollectedTopic} from '../../topic-stats/collect-topic-stats.js'
import {closedAs, type CloseState, find} from '../journal/history.js'
import {type PreflightFinding, warns} from '../preflight/preflight-finding.js'
import type {MigrationJournal} from '../journal/migration-journal.js'
import {directionPlanOf} from '../plan/direction.js'
import type {Regression} from '../soak/soak-verdict.js'
import {gapOf} from '../journal/status.js'
import {SWITCH_POSITION_STEP, SWITCH_STEP} from '../strategy.js'
import {counted} from '../../../wording.js'
import {recorded} from '../steps/step-records.js'

export interface MigrationResult {
  id: string
  state: CloseState | 'pending'
  topic: string
  subscription: string
  /** of a blue-green migration, otherwise null */
  newSubscription: string | null
  strategy: string
  from: string
  to: string
  /** from the pause until every partition delivered again */
  gapMs: number | null
  /** its parts: the time of keyshift and the broker, of the hooks, and until the new consumers had connected */
  gap: {keyshiftMs: number | null; hooksMs: number; consumersMs: number | null}
  /** from the pause until the consumers had acknowledged every message */
  drainMs: number | null
  switchedAt: string | null
  partitions: Array<{partition: number | null; type: string; consumers: number; markDelete: string | null}>
  /** the consumers that were disconnected at the switch: the broker refuses them when they reconnect */
  refusedConsumers: string[]
  findings: PreflightFinding[]
}

/** The result of a migration: durations from its journal, types and consumers from the cluster afterwards. */
export function migrationResult(journal: MigrationJournal, collected: CollectedTopic): MigrationResult {
  const {history, id, direction: name, plan} = journal
  const direction = directionPlanOf(plan, name)
  const target = hasSwitchedOn(history, name, SWITCH_STEP[plan.strategy]) ? direction.target : plan.subscription
  const now = subscriptionOf(collected, target)
  const switched = find(history, name, SWITCH_STEP[plan.strategy], 'verified')
  const gapMs = gapOf(history, null)
  const hooksMs = hookTimeWithin(history, name)
  const consumersMs = between(
    find(history, name, 'await-consumers', 'intent')?.at ?? find(history, name, 'verify-delivery', 'intent')?.at,
    find(history, name, 'await-consumers', 'verified')?.at ??
      recorded(history, name, 'verify-delivery', 'verified')?.arrivedAt,
  )
  return {
    id,
    state: closedAs(history) ?? 'pending',
    topic: plan.topic,
    subscription: plan.subscription,
    newSubscription: plan.newSubscription,
    strategy: plan.strategy,
    from: plan.from,
    to: plan.to,
    gapMs,
    gap: {keyshiftMs: gapMs === null ? null : Math.max(0, gapMs - hooksMs - (consumersMs ?? 0)), hooksMs, consumersMs},
    drainMs: between(find(history, name, 'pause', 'applied')?.at, find(history, name, 'drain', 'verified')?.at),
    switchedAt: switched?.at ?? null,
    partitions: now.partitions.map(({partition, subscription}) => ({
      partition,
      type: subscription.type ?? 'None',
      consumers: (subscription.consumers ?? []).length,
      markDelete: switchPositionOn(journal, name, partition),
    })),
    refusedConsumers: name === 'forward' && switched ? plan.consumersSeen : [],
    findings: [
      ...atRisk(journal),
      ...regressions(find(history, 'forward', 'soak', 'verified')),
      ...slowDelivery(journal),
      ...(switched ? [...coverage(now, direction.to), ...fewer(journal, now)] : []),
    ],
  }
}

/** A partition on which the subscription no longer exists shows as one without type. */
function subscriptionOf(collected: CollectedTopic, subscription: string): CollectedSubscription {
  const partitions = collected.partitions.map((row) => ({
    ...row,
    subscription: row.stats.subscriptions?.[subscription] ?? {},
  }))
  return {...collected, subscription, partitions}
}

function hasSwitchedOn(history: readonly JournalEntry[], direction: Direction, step: string): boolean {
  return find(history, direction, step, 'verified') !== undefined
}

function between(from: string | null | undefined, to: string | null | undefined): number | null {
  return from && to ? Math.max(0, Date.parse(to) - Date.parse(from)) : null
}

/** The time of the hooks between the pause and the first delivery. */
function hookTimeWithin(history: readonly JournalEntry[], direction: Direction): number {
  const inGap = new Set(['paused', 'drained', 'stop-old', 'start-new', 'cut-over'])
  const switchedAt = find(history, direction, 'verify-delivery', 'intent')?.sequence ?? Infinity
  return history
    .filter(
      (entry) =>
        entry.direction === direction && entry.phase === 'hook' && entry.sequence < switchedAt && inGap.has(entry.step),
    )
    .reduce((sum, {data}) => sum + Number(data['ranMs'] ?? 0), 0)
}

/** The switch position: the consumers before the switch acknowledged everything up to it. */
function switchPositionOn(
  {history, plan}: MigrationJournal,
  direction: Direction,
  partition: number | null,
): string | null {
  const step = SWITCH_POSITION_STEP[plan.strategy]
  const rows =
    step === 'await-stop'
      ? recorded(history, direction, step, 'verified')?.partitions
      : (recorded(history, direction, step, 'applied') ?? recorded(history, direction, step, 'captured'))?.partitions
  return rows?.find((row) => row.partition === partition)?.markDelete ?? null
}

function atRisk({direction, history, plan}: MigrationJournal): PreflightFinding[] {
  const step = SWITCH_POSITION_STEP[plan.strategy]
  if (step === 'await-stop') return []
  const message =
    'a message was delivered to an old consumer after the switch position was recorded: it may be processed again'
  return (recorded(history, direction, step, 'verified')?.atRisk ?? []).map((partition) =>
    warning('possible-duplicate', message, 'partition', partition),
  )
}

function regressions(soaked: JournalEntry | undefined): PreflightFinding[] {
  const found = (soaked?.data['regressions'] as Regression[] | undefined) ?? []
  return found.map(({code, message}) =>
    warns({code: 'worse-than-before', message, evidence: [{field: 'soak', value: code}]}),
  )
}

function slowDelivery({direction, history}: MigrationJournal): PreflightFinding[] {
  const partitions = recorded(history, direction, 'verify-delivery', 'verified')?.notDelivering ?? []
  const message = 'messages are waiting, and few were delivered in 10 s: check the consumers of this partition'
  return partitions.map((partition) => warning('slow-delivery', message, 'partition', partition))
}

function coverage(collected: CollectedSubscription, to: string): PreflightFinding[] {
  const other = collected.partitions.filter(({subscription}) => subscription.type !== to)
  if (other.length > 0) {
    return other.map(({partition}) =>
      warning('type-changed', `the type of this partition is no longer ${to}`, 'partition', partition),
    )
  }
  if (to !== 'Key_Shared') return []
  return keyRanges(collected, NO_FACTS)
    .partitions.filter(({coverage: found}) => countSlots(found?.missing ?? []) > 0)
    .map(({partition}) => warning('slots-without-owner', 'some key-hash slots have no owner', 'partition', partition))
}

function fewer({direction, plan}: MigrationJournal, collected: CollectedSubscription): PreflightFinding[] {
  const expected = direction === 'forward' ? (plan.expectConsumers ?? 0) : 0
  const least = Math.min(...collected.partitions.map(({subscription}) => (subscription.consumers ?? []).length))
  if (least >= expected) return []
  const message = `${counted(expected, 'consumer')} expected, the partition with the fewest has ${String(least)}`
  return [warning('fewer-consumers', message, 'consumers', least)]
}

function warning(code: string, message: string, field: string, value: number | null): PreflightFinding {
  return warns({code, message, evidence: [{field, value: String(value)}]})
}

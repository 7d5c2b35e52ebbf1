import {type JournalEntry, type LegName} from '../../../clients/journal/journal-store.js'
import {NO_FACTS} from '../../keys/assignment/detect-selector.js'
import {keyRanges} from '../../keys/ranges/range-report.js'
import {countSlots} from '../../keys/selectors/slot-ranges.js'
import type {CollectedSubscription, CollectedTopic} from '../../topic-stats/collect-topic-stats.js'
import {closedAs, type CloseState, find} from '../journal/history.js'
import {type Finding, warns} from '../preflight/preflight-finding.js'
import type {MigrationLedger} from '../journal/migration-journal.js'
import {legOf} from '../plan/direction.js'
import type {Worse} from '../soak/soak-verdict.js'
import {gapOf} from '../journal/status.js'
import {HAND_OVER, SWITCH} from '../strategy.js'
import type {HandOver} from '../broker/switch-position.js'

export interface MigrationResult {
  id: string
  state: CloseState | 'pending'
  topic: string
  subscription: string
  /** of a blue-green migration, else null */
  newSubscription: string | null
  strategy: string
  from: string
  to: string
  /** from the pause until every partition delivered again */
  gapMs: number | null
  /** the gap's parts: what keyshift and the broker took, what hooks took, and what the fleet took to arrive */
  gap: {oursMs: number | null; hooksMs: number; fleetMs: number | null}
  /** from the pause until the consumers had acknowledged all */
  drainMs: number | null
  switchedAt: string | null
  partitions: Array<{partition: number | null; type: string; consumers: number; markDelete: string | null}>
  /** the consumers that were disconnected at the switch: they may still try to come back, and are refused */
  stragglers: string[]
  findings: Finding[]
}

/** What a finished migration says: figures from its journal, types and consumers from the cluster afterwards. */
export function migrationResult(ledger: MigrationLedger, collected: CollectedTopic): MigrationResult {
  const {history, id, leg: name, plan} = ledger
  const leg = legOf(plan, name)
  const flowing = hasSwitchedOn(history, name, SWITCH[plan.strategy]) ? leg.target : plan.subscription
  const now = subscriptionOf(collected, flowing)
  const switched = find(history, name, SWITCH[plan.strategy], 'verified')
  const gapMs = gapOf(history, null)
  const hooksMs = hookTimeWithin(history, name)
  const fleetMs = between(
    find(history, name, 'gather', 'intent')?.at ?? find(history, name, 'attach', 'intent')?.at,
    find(history, name, 'gather', 'verified')?.at ?? text(find(history, name, 'attach', 'verified')?.data['arrivedAt']),
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
    gap: {oursMs: gapMs === null ? null : Math.max(0, gapMs - hooksMs - (fleetMs ?? 0)), hooksMs, fleetMs},
    drainMs: between(find(history, name, 'pause', 'applied')?.at, find(history, name, 'drain', 'verified')?.at),
    switchedAt: switched?.at ?? null,
    partitions: now.partitions.map(({partition, subscription}) => ({
      partition,
      type: subscription.type ?? 'None',
      consumers: (subscription.consumers ?? []).length,
      markDelete: handOver(ledger, name, partition),
    })),
    stragglers: name === 'forward' && switched ? plan.consumersSeen : [],
    findings: [
      ...atRisk(find(history, name, HAND_OVER[plan.strategy], 'verified')),
      ...worse(find(history, 'forward', 'soak', 'verified')),
      ...silent(find(history, name, 'attach', 'verified')),
      ...(switched ? [...coverage(now, leg.to), ...fewer(ledger, now)] : []),
    ],
  }
}

/** A partition that lost the subscription meanwhile shows as one without type. */
function subscriptionOf(collected: CollectedTopic, subscription: string): CollectedSubscription {
  const partitions = collected.partitions.map((row) => ({
    ...row,
    subscription: row.stats.subscriptions?.[subscription] ?? {},
  }))
  return {...collected, subscription, partitions}
}

function hasSwitchedOn(history: readonly JournalEntry[], leg: LegName, step: string): boolean {
  return find(history, leg, step, 'verified') !== undefined
}

function between(from: string | null | undefined, to: string | null | undefined): number | null {
  return from && to ? Math.max(0, Date.parse(to) - Date.parse(from)) : null
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

/** How long hooks ran between the pause and the first delivery. */
function hookTimeWithin(history: readonly JournalEntry[], leg: LegName): number {
  const inGap = new Set(['paused', 'drained', 'stop-old', 'start-new', 'cut-over'])
  const switchedAt = find(history, leg, 'attach', 'intent')?.sequence ?? Infinity
  return history
    .filter(
      (entry) => entry.leg === leg && entry.phase === 'hook' && entry.sequence < switchedAt && inGap.has(entry.step),
    )
    .reduce((sum, {data}) => sum + Number(data['ranMs'] ?? 0), 0)
}

/** The exact hand-over point: everything up to it was acknowledged by the fleet before. */
function handOver({history, plan}: MigrationLedger, leg: LegName, partition: number | null): string | null {
  const step = HAND_OVER[plan.strategy]
  const rows = (['verified', 'applied', 'captured'] as const)
    .map((phase) => find(history, leg, step, phase)?.data['partitions'] as HandOver[] | undefined)
    .find((found) => found !== undefined)
  return rows?.find((row) => row.partition === partition)?.markDelete ?? null
}

function atRisk(handedOver: JournalEntry | undefined): Finding[] {
  const partitions = (handedOver?.data['atRisk'] as Array<number | null> | undefined) ?? []
  const message = 'a message reached the old fleet after the hand-over: it may be handled twice'
  return partitions.map((partition) => warning('possible-duplicate', message, 'partition', partition))
}

function worse(soaked: JournalEntry | undefined): Finding[] {
  const found = (soaked?.data['worse'] as Worse[] | undefined) ?? []
  return found.map(({code, message}) =>
    warns({code: 'worse-than-before', message, evidence: [{field: 'soak', value: code}]}),
  )
}

function silent(attached: JournalEntry | undefined): Finding[] {
  const partitions = (attached?.data['silent'] as Array<number | null> | undefined) ?? []
  const message = 'messages wait, and in 10 s hardly any was delivered: look at its consumers'
  return partitions.map((partition) => warning('slow-delivery', message, 'partition', partition))
}

function coverage(collected: CollectedSubscription, to: string): Finding[] {
  const other = collected.partitions.filter(({subscription}) => subscription.type !== to)
  if (other.length > 0) {
    return other.map(({partition}) =>
      warning('type-changed', `a partition is not ${to} any more`, 'partition', partition),
    )
  }
  if (to !== 'Key_Shared') return []
  return keyRanges(collected, NO_FACTS)
    .partitions.filter(({coverage: found}) => countSlots(found?.missing ?? []) > 0)
    .map(({partition}) => warning('slots-without-owner', 'some key-hash slots have no owner', 'partition', partition))
}

function fewer({leg, plan}: MigrationLedger, collected: CollectedSubscription): Finding[] {
  const expected = leg === 'forward' ? (plan.expectConsumers ?? 0) : 0
  const least = Math.min(...collected.partitions.map(({subscription}) => (subscription.consumers ?? []).length))
  if (least >= expected) return []
  const message = `${String(expected)} consumers were expected, a partition has ${String(least)} so far`
  return [warning('fewer-consumers', message, 'consumers', least)]
}

function warning(code: string, message: string, field: string, value: number | null): Finding {
  return warns({code, message, evidence: [{field, value: String(value)}]})
}

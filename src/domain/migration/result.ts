import type {JournalEntry} from '../../clients/journal/journal.js'
import {countSlots} from '../keyshared/ranges.js'
import {NO_FACTS} from '../keyshared/detect.js'
import {keyRanges} from '../keyshared/range-report.js'
import type {CollectedSubscription} from '../subscriptions/collect.js'
import type {Finding} from './findings.js'
import type {MigrationLedger} from './ledger.js'
import {gapOf} from './status.js'
import type {HandOver} from './steps/evict.js'

export interface MigrationResult {
  id: string
  state: 'done'
  topic: string
  subscription: string
  strategy: string
  from: string
  to: string
  /** from the pause until every partition delivered again */
  gapMs: number | null
  /** from the pause until the old consumers had acknowledged all */
  drainMs: number | null
  switchedAt: string | null
  partitions: Array<{partition: number | null; type: string; consumers: number; markDelete: string | null}>
  findings: Finding[]
}

/** What a finished migration says: figures from its journal, types and consumers from the cluster afterwards. */
export function migrationResult(ledger: MigrationLedger, collected: CollectedSubscription): MigrationResult {
  const {history, id, plan} = ledger
  const switched = ledger.find('evict', 'verified')
  return {
    id,
    state: 'done',
    topic: plan.topic,
    subscription: plan.subscription,
    strategy: plan.strategy,
    from: plan.from,
    to: plan.to,
    gapMs: gapOf(history, null),
    drainMs: between(ledger.find('pause', 'applied'), ledger.find('drain', 'verified')),
    switchedAt: switched?.at ?? null,
    partitions: collected.partitions.map(({partition, subscription}) => ({
      partition,
      type: subscription.type ?? 'None',
      consumers: (subscription.consumers ?? []).length,
      markDelete: handOver(ledger, partition),
    })),
    findings: [...atRisk(switched), ...silent(ledger), ...coverage(collected), ...fewer(ledger, collected)],
  }
}

function between(from: JournalEntry | undefined, to: JournalEntry | undefined): number | null {
  return from && to ? Date.parse(to.at) - Date.parse(from.at) : null
}

/** The exact hand-over point: everything up to it was acknowledged by the old fleet. */
function handOver(ledger: MigrationLedger, partition: number | null): string | null {
  const rows = ledger.find('evict', 'applied')?.data['partitions'] as HandOver[] | undefined
  return rows?.find((row) => row.partition === partition)?.markDelete ?? null
}

function atRisk(switched: JournalEntry | undefined): Finding[] {
  const partitions = (switched?.data['atRisk'] as Array<number | null> | null | undefined) ?? []
  const message =
    'a message came while the consumers of a partition without traffic were disconnected: it may be handled twice'
  return partitions.map((partition) => warning('possible-duplicate', message, 'partition', partition))
}

function silent(ledger: MigrationLedger): Finding[] {
  const partitions = (ledger.find('resume', 'verified')?.data['silent'] as Array<number | null> | undefined) ?? []
  const message = 'messages wait, and in 10 s hardly any was delivered: look at its consumers'
  return partitions.map((partition) => warning('slow-delivery', message, 'partition', partition))
}

function coverage(collected: CollectedSubscription): Finding[] {
  const other = collected.partitions.filter(({subscription}) => subscription.type !== 'Key_Shared')
  if (other.length > 0) {
    return other.map(({partition}) =>
      warning('type-changed', 'a partition is not Key_Shared any more', 'partition', partition),
    )
  }
  return keyRanges(collected, NO_FACTS)
    .partitions.filter(({coverage: found}) => countSlots(found?.missing ?? []) > 0)
    .map(({partition}) => warning('slots-without-owner', 'some key-hash slots have no owner', 'partition', partition))
}

function fewer({plan}: MigrationLedger, collected: CollectedSubscription): Finding[] {
  const expected = plan.expectConsumers ?? 0
  const least = Math.min(...collected.partitions.map(({subscription}) => (subscription.consumers ?? []).length))
  if (least >= expected) return []
  const message = `${String(expected)} consumers were expected, a partition has ${String(least)} so far`
  return [warning('fewer-consumers', message, 'consumers', least)]
}

function warning(code: string, message: string, field: string, value: number | null): Finding {
  return {
    code,
    severity: 'warn',
    message,
    evidence: [{field, value: String(value)}],
    isWaivable: false,
    isAccepted: false,
  }
}

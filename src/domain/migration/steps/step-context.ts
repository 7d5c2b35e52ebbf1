import type {JournalEntry, LegName} from '../../../clients/journal/journal-store.js'
import type {PulsarAdmin} from '../../../clients/pulsar-admin/admin.js'
import {Conflict} from '../../../errors.js'
import {parseTopicName, partitionName} from '../../../topic-name.js'
import {type Captured, find, heldNow, originalOf} from '../journal/history.js'
import {legOf} from '../plan/direction.js'
import type {MigrationPlan} from '../plan/plan.js'
import type {TargetSeat} from '../broker/placeholder.js'
import type {StepContext} from './step.js'
import {HeldPolicies} from '../broker/paused-policies.js'

export interface ContextParts {
  readonly admin: PulsarAdmin
  readonly plan: MigrationPlan
  /** the journal's entries; looked at anew whenever a step asks what was captured */
  readonly history: readonly JournalEntry[]
  readonly leg: LegName
  readonly isResumed: boolean
  readonly seat: TargetSeat
  readonly acceptsGrowth: boolean
}

/** What the steps of one leg work with. */
export function contextOf({acceptsGrowth, admin, history, isResumed, leg, plan, seat}: ContextParts): StepContext {
  const topic = parseTopicName(plan.topic)
  return {
    admin,
    plan,
    leg: legOf(plan, leg),
    topic,
    partitions:
      plan.partitions === null
        ? [{partition: null, name: topic}]
        : Array.from({length: plan.partitions}, (_, partition) => ({partition, name: partitionName(topic, partition)})),
    policies: new HeldPolicies(admin, topic, plan.brokerVersion, heldNow(history)),
    seat,
    acceptsGrowth,
    isResumed,
    captured: (step) => dataOf(find(history, leg, step, 'captured'), `what ${step} captured`),
    verified: (step) => dataOf(find(history, leg, step, 'verified'), `the proof of ${step}`),
    original: (step) => originalOf(history, step),
  }
}

function dataOf(entry: JournalEntry | undefined, what: string): Captured {
  if (!entry) throw new Conflict('E_JOURNAL_BROKEN', `the journal lacks ${what}`)
  return {...entry.data}
}

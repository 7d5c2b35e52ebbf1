import type {Direction, JournalEntry} from '../../../clients/journal/journal-store.js'
import type {PulsarAdmin} from '../../../clients/pulsar-admin/admin.js'
import {Conflict} from '../../../errors.js'
import {parseTopicName, partitionName} from '../../../topic-name.js'
import {pausedSubscriptions} from '../journal/history.js'
import {directionPlanOf} from '../plan/direction.js'
import type {MigrationPlan} from '../plan/plan.js'
import type {PlaceholderSubscription} from '../broker/placeholder.js'
import type {StepContext} from './step.js'
import {originalCapture, recorded} from './step-records.js'
import {TopicPolicyWriter} from '../broker/paused-policies.js'

export interface ContextParts {
  readonly admin: PulsarAdmin
  readonly plan: MigrationPlan
  /** the journal's entries; they are read again whenever a step asks for earlier data */
  readonly history: readonly JournalEntry[]
  readonly direction: Direction
  readonly isResumed: boolean
  readonly placeholder: PlaceholderSubscription
  readonly acceptsGrowth: boolean
}

/** What the steps of one direction work with. */
export function contextOf({
  acceptsGrowth,
  admin,
  history,
  isResumed,
  direction,
  plan,
  placeholder,
}: ContextParts): StepContext {
  const topic = parseTopicName(plan.topic)
  return {
    admin,
    plan,
    direction: directionPlanOf(plan, direction),
    topic,
    partitions:
      plan.partitions === null
        ? [{partition: null, name: topic}]
        : Array.from({length: plan.partitions}, (_, partition) => ({partition, name: partitionName(topic, partition)})),
    policies: new TopicPolicyWriter(admin, topic, plan.brokerVersion, () => pausedSubscriptions(history)),
    placeholder,
    acceptsGrowth,
    isResumed,
    captured: (step) => required(recorded(history, direction, step, 'captured'), `the captured state of step ${step}`),
    verified: (step) => required(recorded(history, direction, step, 'verified'), `the proof of step ${step}`),
    original: (step) => originalCapture(history, step),
  }
}

function required<R>(record: R | undefined, what: string): R {
  if (record === undefined) throw new Conflict('E_JOURNAL_BROKEN', `the journal does not contain ${what}`)
  return record
}

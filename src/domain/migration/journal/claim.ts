import type {Actor, Claim, Subject} from '../../../clients/journal/journal-store.js'
import type {MigrationPlan} from '../plan/plan.js'

/** One run at a time on a topic: its policies are for the whole of it. */
export function subjectOf({cluster, topic}: MigrationPlan): Subject {
  return {cluster, topic}
}

export function claimOf(plan: MigrationPlan, migrationId: string, who: Actor): Claim {
  return {subject: subjectOf(plan), subscription: plan.subscription, migrationId, who, since: new Date().toISOString()}
}

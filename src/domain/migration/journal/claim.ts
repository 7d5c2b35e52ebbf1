import type {Actor, Claim, Subject} from '../../../clients/journal/journal-store.js'
import type {MigrationPlan} from '../plan/plan.js'

/** Only one migration at a time can run on a topic, because its policies apply to all subscriptions. */
export function subjectOf({cluster, topic}: MigrationPlan): Subject {
  return {cluster, topic}
}

export function claimOf(plan: MigrationPlan, migrationId: string, who: Actor): Claim {
  return {subject: subjectOf(plan), subscription: plan.subscription, migrationId, who, since: new Date().toISOString()}
}

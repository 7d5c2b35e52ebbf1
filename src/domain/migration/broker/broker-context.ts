import type {PulsarAdmin} from '../../../clients/pulsar-admin/admin.js'
import type {TopicName} from '../../../topic-name.js'
import type {DirectionPlan} from '../plan/direction.js'
import type {MigrationPlan} from '../plan/plan.js'

/** What the broker requests of a migration need. */
export interface BrokerContext {
  readonly admin: PulsarAdmin
  readonly plan: MigrationPlan
  readonly direction: DirectionPlan
  readonly topic: TopicName
  /** The partitions, or the plain topic itself with number null. */
  readonly partitions: ReadonlyArray<{readonly partition: number | null; readonly name: TopicName}>
  /** Whether partitions that were added after the plan are accepted, because the run only undoes its own changes. */
  readonly acceptsGrowth: boolean
}

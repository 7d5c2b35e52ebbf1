import type {Direction} from '../../../clients/journal/journal-store.js'
import type {MigrationPlan} from './plan.js'
import {mayDeliverTwiceOnJoin} from '../double-delivery.js'
import {type MigratableType, type StepId, stepsOf} from '../strategy.js'

/** What one direction of a migration does. A rollback runs the same steps with old and new exchanged. */
export interface DirectionPlan {
  readonly name: Direction
  /** the type that receives the messages before */
  readonly from: MigratableType
  /** the type that receives them afterwards */
  readonly to: MigratableType
  /** the subscription that is paused and drained */
  readonly source: string
  /** the subscription that delivers afterwards; the same as `source` for in-place */
  readonly target: string
  /** whether all its consumers must connect while delivery is paused, because joining under load may deliver twice */
  readonly waitsForConsumers: boolean
}

type PlannedMove = Pick<MigrationPlan, 'brokerVersion' | 'from' | 'newSubscription' | 'subscription' | 'to'>

export function directionPlanOf(plan: PlannedMove, name: Direction): DirectionPlan {
  const {brokerVersion, from, subscription: old, to} = plan
  const current = plan.newSubscription ?? old
  return name === 'forward'
    ? {name, from, to, source: old, target: current, waitsForConsumers: mayDeliverTwiceOnJoin(brokerVersion, to)}
    : {
        name,
        from: to,
        to: from,
        source: current,
        target: old,
        waitsForConsumers: mayDeliverTwiceOnJoin(brokerVersion, from),
      }
}

/** The steps of a direction, in their order. */
export function stepsOfDirection(
  {strategy}: Pick<MigrationPlan, 'strategy'>,
  {waitsForConsumers, name}: DirectionPlan,
): readonly StepId[] {
  return stepsOf(strategy, name, waitsForConsumers)
}

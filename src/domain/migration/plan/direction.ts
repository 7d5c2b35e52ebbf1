import type {Direction} from '../../../clients/journal/journal-store.js'
import type {MigrationPlan} from './plan.js'
import {mayDeliverTwiceOnJoin} from '../double-delivery.js'
import {type MigratableType, type StepId, stepsOf} from '../strategy.js'

/** One way through the steps. Going back is the same way with old and new exchanged. */
export interface DirectionPlan {
  readonly name: Direction
  /** the type that has the messages when the leg begins */
  readonly from: MigratableType
  /** the type that has them when it ends */
  readonly to: MigratableType
  /** the subscription that is paused and drained */
  readonly source: string
  /** the subscription that flows in the end; in place it is the same */
  readonly target: string
  /** whether its fleet gathers while delivery is held, for it must not join under load */
  readonly waitsForConsumers: boolean
}

export function directionPlanOf(plan: MigrationPlan, name: Direction): DirectionPlan {
  const {brokerVersion, from, subscription: old, to} = plan
  const made = plan.newSubscription ?? old
  return name === 'forward'
    ? {name, from, to, source: old, target: made, waitsForConsumers: mayDeliverTwiceOnJoin(brokerVersion, to)}
    : {
        name,
        from: to,
        to: from,
        source: made,
        target: old,
        waitsForConsumers: mayDeliverTwiceOnJoin(brokerVersion, from),
      }
}

/** The steps of a leg, in their order. */
export function stepsOfDirection(
  {strategy}: Pick<MigrationPlan, 'strategy'>,
  {waitsForConsumers, name}: DirectionPlan,
): readonly StepId[] {
  return stepsOf(strategy, name, waitsForConsumers)
}

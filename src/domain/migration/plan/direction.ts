import type {LegName} from '../../../clients/journal/journal-store.js'
import type {MigrationPlan} from './plan.js'
import {joinsTwice} from '../double-delivery.js'
import {type MigratableType, type StepId, stepsOf} from '../strategy.js'

/** One way through the steps. Going back is the same way with old and new exchanged. */
export interface Leg {
  readonly name: LegName
  /** the type that has the messages when the leg begins */
  readonly from: MigratableType
  /** the type that has them when it ends */
  readonly to: MigratableType
  /** the subscription that is paused and drained */
  readonly source: string
  /** the subscription that flows in the end; in place it is the same */
  readonly target: string
  /** whether its fleet gathers while delivery is held, for it must not join under load */
  readonly gathers: boolean
}

export function legOf(plan: MigrationPlan, name: LegName): Leg {
  const {brokerVersion, from, subscription: old, to} = plan
  const made = plan.newSubscription ?? old
  return name === 'forward'
    ? {name, from, to, source: old, target: made, gathers: joinsTwice(brokerVersion, to)}
    : {name, from: to, to: from, source: made, target: old, gathers: joinsTwice(brokerVersion, from)}
}

/** The steps of a leg, in their order. */
export function stepsOfLeg({strategy}: Pick<MigrationPlan, 'strategy'>, {gathers, name}: Leg): readonly StepId[] {
  return stepsOf(strategy, name, gathers)
}

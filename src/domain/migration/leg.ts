import type {LegName} from '../../clients/journal/journal.js'
import type {MigrationPlan} from './plan.js'
import {joinsTwice} from './gathering.js'
import {type MigratableType, type StepId, stepsOf} from './strategy.js'

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
}

export function legOf(plan: MigrationPlan, name: LegName): Leg {
  const forward: Leg = {
    name: 'forward',
    from: plan.from,
    to: plan.to,
    source: plan.subscription,
    target: plan.newSubscription ?? plan.subscription,
  }
  if (name === 'forward') return forward
  return {name, from: forward.to, to: forward.from, source: forward.target, target: forward.source}
}

/** The steps of a leg, in their order. */
export function stepsOfLeg(
  plan: Pick<MigrationPlan, 'brokerVersion' | 'strategy'>,
  {name, to}: Leg,
): readonly StepId[] {
  return stepsOf(plan.strategy, name, joinsTwice(plan.brokerVersion, to))
}

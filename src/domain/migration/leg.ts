import type {LegName} from '../../clients/journal/journal.js'
import type {MigrationPlan} from './plan.js'
import {joinsTwice} from './gathering.js'
import {HOLD, type MigratableType, type StepId, stepsOf} from './strategy.js'

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

/** The steps of a leg, in their order. Going back nobody is barred: the fleet has been refused for long by then. */
export function stepsOfLeg({brokerVersion, steps, strategy}: MigrationPlan, {name, to}: Leg): readonly StepId[] {
  if (name === 'forward') return steps.map(({id}) => id)
  return stepsOf(strategy, name, {isGathered: joinsTwice(brokerVersion, to), isBarred: false})
}

/** Whether the fleet gathers while delivery is still held. */
export function gathers(plan: MigrationPlan, leg: Leg): boolean {
  return stepsOfLeg(plan, leg).includes('gather')
}

/** The step that a postponed run waits before: the last at which nothing is held, and none of it is near. */
export function cutOverStep({steps, strategy}: MigrationPlan): StepId {
  return steps.some(({id}) => id === 'unbar') ? 'unbar' : HOLD[strategy]
}

import {suggestedCommand} from '../../suggested-command.js'
import type {MigratableType, Strategy} from './strategy.js'

export interface PlanCommand {
  readonly topic: string
  readonly subscription: string
  readonly to: MigratableType
  readonly strategy: Strategy
  readonly newSubscription: string | null
  readonly expectConsumers: number | null
  /** codes of the findings that are accepted */
  readonly accept: readonly string[]
}

/** The command that makes this plan again, written to `plan.json`. */
export function planCommand(plan: PlanCommand): string {
  const {accept, expectConsumers, newSubscription, strategy, subscription, to, topic} = plan
  return suggestedCommand(
    ...['migrate', 'plan', topic, subscription, '--to', to, '--strategy', strategy],
    ...(newSubscription === null ? [] : ['--new-subscription', newSubscription]),
    ...(expectConsumers === null ? [] : ['--expect-consumers', String(expectConsumers)]),
    ...accept.flatMap((code) => ['--accept', code]),
    ...['-o', 'plan.json'],
  )
}

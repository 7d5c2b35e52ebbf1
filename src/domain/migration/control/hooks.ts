import type {Direction} from '../../../clients/journal/journal-store.js'
import type {HookName} from '../hook-names.js'
import type {Strategy} from '../strategy.js'

/** What a hook receives, as KEYSHIFT_… environment variables. */
export interface HookVariables {
  readonly migrationId: string
  readonly topic: string
  /** the subscription that is drained in this direction */
  readonly subscription: string
  /** the subscription that delivers at the end of this direction; the same one in place */
  readonly newSubscription: string
  readonly step: string
  readonly direction: Direction
  readonly from: string
  readonly to: string
  readonly strategy: Strategy
  readonly waitingFor: string | null
}

export interface HookOutcome {
  /** null when it was killed by its time limit or a signal */
  readonly exitCode: number | null
  readonly ranMs: number
  readonly isTimedOut: boolean
  /** the end of its output, stdout and stderr */
  readonly output: string
}

/** Runs hooks. */
export interface HookRunner {
  /** @returns null when there is no such hook. */
  run(name: HookName, variables: HookVariables): Promise<HookOutcome | null>
}

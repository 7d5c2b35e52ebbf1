import type {Direction} from '../../../clients/journal/journal-store.js'
import type {StepId, Strategy} from '../strategy.js'

/** The moments at which an operator's program can run, in the order of a run. */
export const HOOK_NAMES = [
  'before-pause',
  'paused',
  'drained',
  'stop-old',
  'start-new',
  'cut-over',
  'resumed',
  'soaked',
  'rolled-back',
  'failed',
  'status',
] as const
export type HookName = (typeof HOOK_NAMES)[number]

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

interface Around {
  readonly before?: HookName
  readonly after?: readonly HookName[]
}

/** Which hooks run directly before and after which step. */
export const HOOKS: Readonly<Record<Strategy, Readonly<Partial<Record<StepId, Around>>>>> = {
  'in-place': {
    pause: {before: 'before-pause', after: ['paused']},
    drain: {after: ['drained']},
    disconnect: {before: 'stop-old'},
    'switch-type': {before: 'start-new', after: ['cut-over']},
    'verify-delivery': {after: ['resumed']},
  },
  'blue-green': {
    'restrict-types': {before: 'before-pause'},
    pause: {after: ['paused']},
    drain: {after: ['drained']},
    'switch-subscription': {before: 'start-new', after: ['cut-over']},
    'verify-delivery': {after: ['resumed', 'stop-old']},
  },
  'stop-start': {
    'record-positions': {before: 'before-pause'},
    'await-stop': {before: 'stop-old', after: ['cut-over']},
    'verify-delivery': {before: 'start-new', after: ['resumed']},
  },
}

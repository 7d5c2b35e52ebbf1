import type {Strategy} from './strategy.js'

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

/** The hooks that run directly before and after a step. */
export interface HooksAround {
  readonly before?: HookName
  readonly after?: readonly HookName[]
}

export type StepHooks = Readonly<Partial<Record<Strategy, HooksAround>>>

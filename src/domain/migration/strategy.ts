import type {LegName} from '../../clients/journal/journal.js'

/** The types between which a subscription can be moved while it is in use. */
export const MIGRATABLE = ['Failover', 'Key_Shared', 'Shared'] as const
export type MigratableType = (typeof MIGRATABLE)[number]

/**
 * The same subscription, or a new one that begins where the old one stands; or, where delivery can't be held, the same one
 * with a moment between in which nobody is connected.
 */
export const STRATEGIES = ['blue-green', 'in-place', 'stop-start'] as const
export type Strategy = (typeof STRATEGIES)[number]

export type StepId =
  | 'admit'
  | 'attach'
  | 'create'
  | 'door'
  | 'drain'
  | 'evict'
  | 'fence'
  | 'leave'
  | 'mark'
  | 'pause'
  | 'restore'
  | 'retire'

const IN_PLACE: readonly StepId[] = ['fence', 'pause', 'drain', 'evict', 'admit', 'attach']
const BLUE_GREEN: readonly StepId[] = ['door', 'pause', 'drain', 'create', 'attach', 'retire']
const STOP_START: readonly StepId[] = ['mark', 'leave', 'attach']

/**
 * The order of steps, for a reason: every change of a topic policy hands each held subscription one more entry per
 * partition, so policies are changed before the pause, or when no consumer of the held subscription is left.
 */
export const STEPS: Readonly<Record<Strategy, Readonly<Record<LegName, readonly StepId[]>>>> = {
  'in-place': {forward: IN_PLACE, back: [...IN_PLACE, 'restore']},
  'blue-green': {forward: BLUE_GREEN, back: BLUE_GREEN},
  'stop-start': {forward: STOP_START, back: STOP_START},
}

/** The step that begins the gap; a postponed run waits before it. */
export const HOLD: Readonly<Record<Strategy, StepId>> = {
  'in-place': 'pause',
  'blue-green': 'pause',
  'stop-start': 'mark',
}

/** The step from which on the other fleet may have messages: before it a leg is undone, from it on it is gone back. */
export const SWITCH: Readonly<Record<Strategy, StepId>> = {
  'in-place': 'admit',
  'blue-green': 'create',
  'stop-start': 'leave',
}

/** The step that fixes from where the other fleet goes on. */
export const HAND_OVER: Readonly<Record<Strategy, StepId>> = {
  'in-place': 'evict',
  'blue-green': 'create',
  'stop-start': 'leave',
}

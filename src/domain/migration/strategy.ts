import type {LegName} from '../../clients/journal/journal-store.js'

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
  | 'door'
  | 'drain'
  | 'evict'
  | 'fence'
  | 'gather'
  | 'leave'
  | 'mark'
  | 'pause'
  | 'prehold'
  | 'release'
  | 'replace'
  | 'reserve'
  | 'restore'

const IN_PLACE: readonly StepId[] = ['fence', 'pause', 'drain', 'evict', 'admit', 'attach']
const BLUE_GREEN: readonly StepId[] = ['door', 'fence', 'reserve', 'pause', 'drain', 'replace', 'attach']
const STOP_START: readonly StepId[] = ['mark', 'leave', 'attach']
/** Where nobody may join under load: the fleet gathers while delivery is still held, and is let run when it is there. */
const IN_PLACE_GATHERED: readonly StepId[] = [
  'fence',
  'pause',
  'drain',
  'evict',
  'admit',
  'gather',
  'release',
  'attach',
]
const BLUE_GREEN_GATHERED: readonly StepId[] = [
  'door',
  'prehold',
  'fence',
  'reserve',
  'pause',
  'drain',
  'replace',
  'gather',
  'release',
  'attach',
]

/**
 * The order of steps, for a reason: every change of a topic policy hands each held subscription one more entry per
 * partition, so policies are changed before the pause, or when no consumer of the held subscription is left.
 */
const STEPS: Readonly<Record<Strategy, Readonly<Record<'atOnce' | 'gathered', readonly StepId[]>>>> = {
  'in-place': {atOnce: IN_PLACE, gathered: IN_PLACE_GATHERED},
  'blue-green': {atOnce: BLUE_GREEN, gathered: BLUE_GREEN_GATHERED},
  'stop-start': {atOnce: STOP_START, gathered: STOP_START},
}

/** The steps of a leg; in place the way back ends with giving back who may subscribe. */
export function stepsOf(strategy: Strategy, leg: LegName, isGathered: boolean): readonly StepId[] {
  const steps = STEPS[strategy][isGathered ? 'gathered' : 'atOnce']
  return strategy === 'in-place' && leg === 'back' ? [...steps, 'restore'] : steps
}

/**
 * The step that a postponed run waits before. In place the waiting fleet is kept out by the fence, which so stands before;
 * blue-green the door does that, and the fence comes for the switch alone.
 */
export const WAIT: Readonly<Record<Strategy, StepId>> = {
  'in-place': 'pause',
  'blue-green': 'fence',
  'stop-start': 'mark',
}

/** The step that begins the gap. */
export const HOLD: Readonly<Record<Strategy, StepId>> = {
  'in-place': 'pause',
  'blue-green': 'pause',
  'stop-start': 'mark',
}

/** The step from which on the other fleet may have messages: before it a leg is undone, from its intent on it is gone back. */
export const SWITCH: Readonly<Record<Strategy, StepId>> = {
  'in-place': 'admit',
  'blue-green': 'replace',
  'stop-start': 'leave',
}

/** The step that fixes from where the other fleet goes on. */
export const HAND_OVER: Readonly<Record<Strategy, StepId>> = {
  'in-place': 'evict',
  'blue-green': 'replace',
  'stop-start': 'leave',
}

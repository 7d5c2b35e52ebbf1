import type {Direction} from '../../clients/journal/journal-store.js'

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
  | 'await-consumers'
  | 'await-stop'
  | 'block-auto-create'
  | 'create-new'
  | 'disconnect'
  | 'drain'
  | 'pause'
  | 'pause-new'
  | 'record-positions'
  | 'restore-types'
  | 'restrict-types'
  | 'resume'
  | 'switch-subscription'
  | 'switch-type'
  | 'verify-delivery'

const IN_PLACE: readonly StepId[] = ['restrict-types', 'pause', 'drain', 'disconnect', 'switch-type', 'verify-delivery']
const BLUE_GREEN: readonly StepId[] = [
  'block-auto-create',
  'restrict-types',
  'create-new',
  'pause',
  'drain',
  'switch-subscription',
  'verify-delivery',
]
const STOP_START: readonly StepId[] = ['record-positions', 'await-stop', 'verify-delivery']
/** Where nobody may join under load: the fleet gathers while delivery is still held, and is let run when it is there. */
const IN_PLACE_WITH_AWAIT: readonly StepId[] = [
  'restrict-types',
  'pause',
  'drain',
  'disconnect',
  'switch-type',
  'await-consumers',
  'resume',
  'verify-delivery',
]
const BLUE_GREEN_WITH_AWAIT: readonly StepId[] = [
  'block-auto-create',
  'pause-new',
  'restrict-types',
  'create-new',
  'pause',
  'drain',
  'switch-subscription',
  'await-consumers',
  'resume',
  'verify-delivery',
]

/**
 * The order of steps, for a reason: every change of a topic policy hands each held subscription one more entry per
 * partition, so policies are changed before the pause, or when no consumer of the held subscription is left.
 */
const STEPS: Readonly<Record<Strategy, Readonly<Record<'withoutAwait' | 'withAwait', readonly StepId[]>>>> = {
  'in-place': {withoutAwait: IN_PLACE, withAwait: IN_PLACE_WITH_AWAIT},
  'blue-green': {withoutAwait: BLUE_GREEN, withAwait: BLUE_GREEN_WITH_AWAIT},
  'stop-start': {withoutAwait: STOP_START, withAwait: STOP_START},
}

/** The steps of a leg; in place the way back ends with giving back who may subscribe. */
export function stepsOf(strategy: Strategy, direction: Direction, waitsForConsumers: boolean): readonly StepId[] {
  const steps = STEPS[strategy][waitsForConsumers ? 'withAwait' : 'withoutAwait']
  return strategy === 'in-place' && direction === 'rollback' ? [...steps, 'restore-types'] : steps
}

/**
 * The step that a postponed run waits before. In place the waiting fleet is kept out by the fence, which so stands before;
 * blue-green the door does that, and the fence comes for the switch alone.
 */
export const POSTPONE_STEP: Readonly<Record<Strategy, StepId>> = {
  'in-place': 'pause',
  'blue-green': 'restrict-types',
  'stop-start': 'record-positions',
}

/** The step that begins the gap. */
export const PAUSE_STEP: Readonly<Record<Strategy, StepId>> = {
  'in-place': 'pause',
  'blue-green': 'pause',
  'stop-start': 'record-positions',
}

/** The step from which on the other fleet may have messages: before it a leg is undone, from its intent on it is gone back. */
export const SWITCH_STEP: Readonly<Record<Strategy, StepId>> = {
  'in-place': 'switch-type',
  'blue-green': 'switch-subscription',
  'stop-start': 'await-stop',
}

/** The step that fixes from where the other fleet goes on. */
export const SWITCH_POSITION_STEP: Readonly<Record<Strategy, StepId>> = {
  'in-place': 'disconnect',
  'blue-green': 'switch-subscription',
  'stop-start': 'await-stop',
}

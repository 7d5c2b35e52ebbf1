import type {Direction} from '../../clients/journal/journal-store.js'

/** The types between which a subscription can be moved while it is in use. */
export const MIGRATABLE = ['Failover', 'Key_Shared', 'Shared'] as const
export type MigratableType = (typeof MIGRATABLE)[number]

/**
 * `in-place` keeps the subscription. `blue-green` creates a new one at the position of the old one. `stop-start` keeps the
 * subscription and has a moment without consumers: it is for clusters on which delivery cannot be paused.
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
/** For brokers on which consumers must not join under load: delivery resumes once the new consumers have connected. */
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
 * The reason for the order: every change of a topic policy delivers one more entry per partition to each paused
 * subscription. So policies change before the pause, or when the paused subscription has no consumer left.
 */
const STEPS: Readonly<Record<Strategy, Readonly<Record<'withoutAwait' | 'withAwait', readonly StepId[]>>>> = {
  'in-place': {withoutAwait: IN_PLACE, withAwait: IN_PLACE_WITH_AWAIT},
  'blue-green': {withoutAwait: BLUE_GREEN, withAwait: BLUE_GREEN_WITH_AWAIT},
  'stop-start': {withoutAwait: STOP_START, withAwait: STOP_START},
}

/** The steps of a direction. An in-place rollback ends by restoring the allowed subscription types. */
export function stepsOf(strategy: Strategy, direction: Direction, waitsForConsumers: boolean): readonly StepId[] {
  const steps = STEPS[strategy][waitsForConsumers ? 'withAwait' : 'withoutAwait']
  return strategy === 'in-place' && direction === 'rollback' ? [...steps, 'restore-types'] : steps
}

/**
 * The step that a postponed run waits before. In place the type restriction blocks the waiting consumers, so it is set by
 * then. Blue-green the auto-create block does that, and the type restriction follows for the switch alone.
 */
export const POSTPONE_STEP: Readonly<Record<Strategy, StepId>> = {
  'in-place': 'pause',
  'blue-green': 'restrict-types',
  'stop-start': 'record-positions',
}

/** The step that begins the delivery pause. */
export const PAUSE_STEP: Readonly<Record<Strategy, StepId>> = {
  'in-place': 'pause',
  'blue-green': 'pause',
  'stop-start': 'record-positions',
}

/** The step that may deliver to the other consumers: before its intent a run is undone, from then on it is rolled back. */
export const SWITCH_STEP: Readonly<Record<Strategy, StepId>> = {
  'in-place': 'switch-type',
  'blue-green': 'switch-subscription',
  'stop-start': 'await-stop',
}

/** The step that fixes the position at which the other consumers continue. */
export const SWITCH_POSITION_STEP = {
  'in-place': 'disconnect',
  'blue-green': 'switch-subscription',
  'stop-start': 'await-stop',
} as const satisfies Readonly<Record<Strategy, StepId>>

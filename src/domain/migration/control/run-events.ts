import type {Direction} from '../../../clients/journal/journal-store.js'
import type {HookName, HookOutcome} from './hooks.js'
import type {StepId} from '../strategy.js'

/** What a run tells while it goes on. */
export type RunEvent =
  | {readonly kind: 'rollback'; readonly reason: string}
  | {readonly kind: 'hook'; readonly name: HookName; readonly outcome: HookOutcome}
  | {readonly kind: 'request'; readonly verb: string; readonly isAccepted: boolean; readonly reason: string | null}
  | {readonly kind: 'step'; readonly step: StepId; readonly direction: Direction; readonly title: string}
  | {readonly kind: 'undo'; readonly step: StepId}
  | {readonly kind: 'waiting'; readonly step: string; readonly waitingFor: string; readonly forMs: number}

/** Why a run stopped before its end; never leaves the runner. */
export class Stopped extends Error {
  /** whether it is no fault but a wish: the run goes back also after the switch */
  readonly isRequested: boolean
  /** whether going back after the switch is the answer to it */
  readonly rollsBack: boolean

  constructor(reason: string, {isRequested = false, rollsBack = false} = {}) {
    super(reason)
    this.isRequested = isRequested
    this.rollsBack = rollsBack || isRequested
  }
}

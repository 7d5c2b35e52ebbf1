import type {Direction} from '../../../clients/journal/journal-store.js'
import type {HookName} from '../hook-names.js'
import type {HookOutcome} from './hooks.js'
import type {StepId} from '../strategy.js'

/** What a run reports while it is running. */
export type RunEvent =
  | {readonly kind: 'rollback'; readonly reason: string}
  | {readonly kind: 'hook'; readonly name: HookName; readonly outcome: HookOutcome}
  | {readonly kind: 'request'; readonly verb: string; readonly isAccepted: boolean; readonly reason: string | null}
  | {readonly kind: 'step'; readonly step: StepId; readonly direction: Direction; readonly title: string}
  | {readonly kind: 'undo'; readonly step: StepId}
  | {readonly kind: 'waiting'; readonly step: string; readonly waitingFor: string; readonly forMs: number}

/** Why a run stopped before its end; the runner catches it. */
export class Stopped extends Error {
  /** whether it was requested and is not a failure: the run rolls back also after the switch */
  readonly isRequested: boolean
  /** whether the run rolls back because of it after the switch */
  readonly rollsBack: boolean

  constructor(reason: string, {isRequested = false, rollsBack = false} = {}) {
    super(reason)
    this.isRequested = isRequested
    this.rollsBack = rollsBack || isRequested
  }
}

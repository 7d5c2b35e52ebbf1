import type {ControlRequest, ControlVerb, JournalEntry} from '../../../clients/journal/journal-store.js'
import {
  closedAs,
  currentDirection,
  hasSwitched,
  isOpen,
  isPostponed,
  isRollingBackBeforeSwitch,
  postponeStepOf,
} from './history.js'

/** Whether a request is accepted, and if not, why. */
export type RequestOutcome = {readonly isAccepted: true} | {readonly isAccepted: false; readonly reason: string}

const YES: RequestOutcome = {isAccepted: true}

/** Whether a verb is possible in the current state. The run and the sender of a request use the same table. */
export function requestOutcome(verb: ControlVerb, entries: readonly JournalEntry[]): RequestOutcome {
  const closed = closedAs(entries)
  if (verb === 'rollback' && closed === 'done') return YES
  if (closed !== null) return no(`it is ${closed}`)
  if (currentDirection(entries) === 'rollback' || isRollingBackBeforeSwitch(entries))
    return no('it is already rolling back')
  const hasBegun = isOpen(entries, 'forward', postponeStepOf(entries))
  switch (verb) {
    case 'postpone':
      return hasBegun ? no('the cutover has begun; abort undoes it') : YES
    case 'cutover':
      if (hasBegun) return no('the cutover has begun')
      return isPostponed(entries) ? YES : no('it is not postponed')
    case 'abort':
      return hasSwitched(entries) ? no('the switch has begun; use rollback instead') : YES
    case 'rollback':
    case 'cancel':
      return YES
  }
}

function no(reason: string): RequestOutcome {
  return {isAccepted: false, reason}
}

/** Whether the run has to roll back because of an accepted request. */
export function causesRollback({verb}: Pick<ControlRequest, 'verb'>): boolean {
  return verb === 'abort' || verb === 'rollback'
}

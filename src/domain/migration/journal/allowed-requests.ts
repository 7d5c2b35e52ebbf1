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

/** What a request meets: taken, or why it can't be. */
export type RequestOutcome = {readonly isAccepted: true} | {readonly isAccepted: false; readonly reason: string}

const YES: RequestOutcome = {isAccepted: true}

/** Whether a verb makes sense where a migration stands now. One table for the runner and for who asks. */
export function requestOutcome(verb: ControlVerb, entries: readonly JournalEntry[]): RequestOutcome {
  const closed = closedAs(entries)
  if (verb === 'rollback' && closed === 'done') return YES
  if (closed !== null) return no(`it is ${closed}`)
  if (currentDirection(entries) === 'rollback' || isRollingBackBeforeSwitch(entries))
    return no('it is going back already')
  const hasBegun = isOpen(entries, 'forward', postponeStepOf(entries))
  switch (verb) {
    case 'postpone':
      return hasBegun ? no('the cut-over has begun; abort takes it back') : YES
    case 'cutover':
      if (hasBegun) return no('the cut-over has begun')
      return isPostponed(entries) ? YES : no('it is not postponed')
    case 'abort':
      return hasSwitched(entries) ? no('the switch has begun; rollback goes back from there') : YES
    case 'rollback':
    case 'cancel':
      return YES
  }
}

function no(reason: string): RequestOutcome {
  return {isAccepted: false, reason}
}

/** What the run has to do because of an accepted request. */
export function causesRollback({verb}: Pick<ControlRequest, 'verb'>): boolean {
  return verb === 'abort' || verb === 'rollback'
}

import {randomBytes} from 'node:crypto'

import type {Actor, ControlRequest, ControlVerb, JournalStore} from '../../../clients/journal/journal-store.js'
import {newRequest, viewLines} from '../journal/chain.js'
import {Blocked, Conflict, Pending} from '../../../errors.js'
import {suggestedCommand} from '../../../suggested-command.js'
import {waitUntil} from '../../../wait-until.js'
import {durationText} from '../../../wording.js'
import {requestOutcome} from '../journal/allowed-requests.js'
import {closedAs, openRequests} from '../journal/history.js'
import {MigrationJournal} from '../journal/migration-journal.js'
import {processState} from './ownership.js'

export interface RequestResult {
  id: string
  verb: ControlVerb
  requestId: string
  /** null while it is not answered */
  isAccepted: boolean | null
  /** why it was not accepted */
  reason: string | null
}

const ANSWER_TIMEOUT_MS = 15_000
const READ_ANSWER_EVERY_MS = 200

/**
 * Sends a request to the process that runs a migration, through the journal, and waits for the answer. An unanswered request
 * stays in the journal, where `status` shows it, and can be canceled.
 *
 * @throws Blocked E_NOT_ALLOWED_IN_STATE when the state of the migration does not allow it, E_NOT_RUNNING when its process
 *   has exited; Pending E_REQUEST_TIMEOUT after 15 s.
 */
export async function sendRequest(
  store: JournalStore,
  who: Actor,
  id: string,
  verb: Exclude<ControlVerb, 'cancel'>,
): Promise<RequestResult> {
  await requireAllowed(store, who, id, verb)
  const request = await writeRequest(store, who, id, verb, null)
  return awaitAnswer(store, request)
}

/**
 * Checks whether a request can be sent. Changes nothing.
 *
 * @throws Blocked E_NOT_ALLOWED_IN_STATE when the state of the migration does not allow it; Conflict E_NOT_RUNNING when its
 *   process has exited.
 */
export async function requireAllowed(
  store: JournalStore,
  who: Actor,
  id: string,
  verb: Exclude<ControlVerb, 'cancel'>,
): Promise<void> {
  const {history} = await MigrationJournal.open(store, id, who)
  const answer = requestOutcome(verb, history)
  if (!answer.isAccepted) throw notAllowedInState(id, verb, answer.reason)
  const last = history.at(-1)?.who
  if (closedAs(history) !== null || (last && processState(last) === 'exited')) throw notRunning(id, verb)
}

/** Cancels the last unanswered request of this kind. @throws Blocked E_NOTHING_TO_CANCEL. */
export async function cancelRequest(
  store: JournalStore,
  who: Actor,
  id: string,
  verb: Exclude<ControlVerb, 'cancel'>,
): Promise<RequestResult> {
  const journal = await MigrationJournal.open(store, id, who)
  const request = openRequests(journal.history, journal.requests).findLast((open) => open.verb === verb)
  if (!request) {
    throw new Blocked('E_NOTHING_TO_CANCEL', `${id} has no unanswered ${verb} request`, {
      data: {id, verb},
      next: [suggestedCommand('migrate', 'status', id)],
    })
  }
  const {requestId} = request
  await writeRequest(store, who, id, 'cancel', requestId)
  const {entries} = viewLines(await store.read(id))
  const isTaken = entries.some(({data, phase}) => phase === 'taken' && data['requestId'] === requestId)
  return {id, verb: 'cancel', requestId, isAccepted: !isTaken, reason: isTaken ? 'it was answered first' : null}
}

async function writeRequest(
  store: JournalStore,
  who: Actor,
  migrationId: string,
  verb: ControlVerb,
  cancels: string | null,
): Promise<ControlRequest> {
  const requestId = randomBytes(6).toString('hex')
  const request = newRequest({requestId, migrationId, verb, cancels, at: new Date().toISOString(), who})
  await store.append(migrationId, [request])
  return request
}

async function awaitAnswer(store: JournalStore, request: ControlRequest): Promise<RequestResult> {
  const {migrationId: id, requestId, verb} = request
  const answer = await waitUntil(
    async () => {
      const {entries} = viewLines(await store.read(id))
      return entries.find(({data, phase}) => phase === 'taken' && data['requestId'] === requestId)?.data
    },
    {everyMs: READ_ANSWER_EVERY_MS, timeoutMs: ANSWER_TIMEOUT_MS},
  )
  if (!answer) throw unanswered(request)
  if (answer['isAccepted'] !== true) throw notAllowedInState(id, verb, String(answer['reason']))
  return {id, verb, requestId, isAccepted: true, reason: null}
}

function unanswered({migrationId: id, requestId, verb}: ControlRequest): Pending {
  const message = `the process of ${id} has not answered the ${verb} request within ${durationText(ANSWER_TIMEOUT_MS)}; the request stays in its journal`
  return new Pending('E_REQUEST_TIMEOUT', message, {
    data: {id, verb, requestId},
    next: [
      suggestedCommand('migrate', 'status', id),
      suggestedCommand('migrate', verb, id, '--cancel'),
      suggestedCommand('migrate', 'resume', id, '--take-over'),
    ],
  })
}

function notAllowedInState(id: string, verb: string, reason: string): Blocked {
  return new Blocked('E_NOT_ALLOWED_IN_STATE', `${verb} is not possible for ${id}: ${reason}`, {
    data: {id, verb, reason},
    next: [suggestedCommand('migrate', 'status', id)],
  })
}

function notRunning(id: string, verb: string): Conflict {
  return new Conflict('E_NOT_RUNNING', `the process of ${id} is not running, so ${verb} would not be answered`, {
    data: {id, verb},
    next: [suggestedCommand('migrate', 'resume', id), suggestedCommand('migrate', 'rollback', id)],
  })
}

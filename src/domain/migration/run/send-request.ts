import {randomBytes} from 'node:crypto'
import {setTimeout as delay} from 'node:timers/promises'

import type {Actor, ControlRequest, ControlVerb, JournalStore} from '../../../clients/journal/journal-store.js'
import {newRequest, viewLines} from '../journal/chain.js'
import {Blocked, Conflict, Pending} from '../../../errors.js'
import {requestOutcome} from '../journal/allowed-requests.js'
import {closedAs, openRequests} from '../journal/history.js'
import {MigrationJournal} from '../journal/migration-journal.js'
import {processState} from './ownership.js'

export interface RequestResult {
  id: string
  verb: ControlVerb
  requestId: string
  /** null while nobody has answered */
  isAccepted: boolean | null
  /** why it was not accepted */
  reason: string | null
}

const ANSWER_TIMEOUT_MS = 15_000

/**
 * Asks something of a migration that another process runs, by its journal, and waits for the answer. What nobody has
 * answered stands in the journal for all to see, and can be taken back.
 *
 * @throws Blocked E_NOT_ALLOWED_IN_STATE when it makes no sense where the migration stands, E_NOT_RUNNING when its process is
 *   gone; Pending E_REQUEST_TIMEOUT after 15 s.
 */
export async function sendRequest(
  store: JournalStore,
  who: Actor,
  id: string,
  verb: Exclude<ControlVerb, 'cancel'>,
): Promise<RequestResult> {
  const journal = await MigrationJournal.open(store, id, who)
  const answer = requestOutcome(verb, journal.history)
  if (!answer.isAccepted) throw notAllowedInState(id, verb, answer.reason)
  const last = journal.history.at(-1)?.who
  if (closedAs(journal.history) !== null || (last && processState(last) === 'dead')) throw notRunning(id, verb)
  const request = await writeRequest(store, who, id, verb, null)
  return awaitAnswer(store, request)
}

/** Takes back the last of what was asked and not answered yet. @throws Blocked E_NOTHING_TO_CANCEL. */
export async function cancelRequest(
  store: JournalStore,
  who: Actor,
  id: string,
  verb: Exclude<ControlVerb, 'cancel'>,
): Promise<RequestResult> {
  const journal = await MigrationJournal.open(store, id, who)
  const request = openRequests(journal.history, journal.requests).findLast((open) => open.verb === verb)
  if (!request) {
    throw new Blocked('E_NOTHING_TO_CANCEL', `no ${verb} waits for an answer in ${id}`, {
      data: {id, verb},
      next: [`keyshift migrate status ${id}`],
    })
  }
  const {requestId} = request
  await writeRequest(store, who, id, 'cancel', requestId)
  const {entries} = viewLines(await store.read(id))
  const isTaken = entries.some(({data, phase}) => phase === 'taken' && data['requestId'] === requestId)
  return {id, verb: 'cancel', requestId, isAccepted: !isTaken, reason: isTaken ? 'it was answered meanwhile' : null}
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
  const deadline = Date.now() + ANSWER_TIMEOUT_MS
  while (Date.now() < deadline) {
    const {entries} = viewLines(await store.read(id))
    const data = entries.find((entry) => entry.phase === 'taken' && entry.data['requestId'] === requestId)?.data
    if (data) {
      if (data['isAccepted'] !== true) throw notAllowedInState(id, verb, String(data['reason']))
      return {id, verb, requestId, isAccepted: true, reason: null}
    }
    await delay(200)
  }
  throw new Pending('E_REQUEST_TIMEOUT', `nobody has answered ${verb} in ${id} so far; it stands in the journal`, {
    data: {id, verb, requestId},
    next: [
      `keyshift migrate status ${id}`,
      `keyshift migrate ${verb} ${id} --cancel`,
      `keyshift migrate resume ${id} --take-over`,
    ],
  })
}

function notAllowedInState(id: string, verb: string, reason: string): Blocked {
  return new Blocked('E_NOT_ALLOWED_IN_STATE', `${verb} is not possible for ${id}: ${reason}`, {
    data: {id, verb, reason},
    next: [`keyshift migrate status ${id}`],
  })
}

function notRunning(id: string, verb: string): Conflict {
  return new Conflict('E_NOT_RUNNING', `nobody runs ${id}, so nobody would answer ${verb}`, {
    data: {id, verb},
    next: [`keyshift migrate resume ${id}`, `keyshift migrate rollback ${id}`],
  })
}

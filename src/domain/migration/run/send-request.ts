import {randomBytes} from 'node:crypto'
import {setTimeout as delay} from 'node:timers/promises'

import type {Actor, ControlRequest, ControlVerb, JournalStore} from '../../../clients/journal/journal-store.js'
import {newRequest, viewLines} from '../journal/chain.js'
import {Blocked, Conflict, Pending} from '../../../errors.js'
import {answerTo} from '../journal/allowed-requests.js'
import {closedAs, openRequests} from '../journal/history.js'
import {MigrationLedger} from '../journal/migration-journal.js'
import {lifeOf} from './ownership.js'

export interface AskedMigration {
  id: string
  verb: ControlVerb
  requestId: string
  /** null while nobody has answered */
  isAccepted: boolean | null
  /** why it was not accepted */
  reason: string | null
}

const ANSWER_MS = 15_000

/**
 * Asks something of a migration that another process runs, by its journal, and waits for the answer. What nobody has
 * answered stands in the journal for all to see, and can be taken back.
 *
 * @throws Blocked E_NOT_NOW when it makes no sense where the migration stands, E_NOBODY_RUNS_IT when its process is
 *   gone; Pending E_NOT_ANSWERED after 15 s.
 */
export async function askMigration(
  store: JournalStore,
  who: Actor,
  id: string,
  verb: Exclude<ControlVerb, 'cancel'>,
): Promise<AskedMigration> {
  const ledger = await MigrationLedger.open(store, id, who)
  const answer = answerTo(verb, ledger.history)
  if (!answer.isAccepted) throw notNow(id, verb, answer.reason)
  const last = ledger.history.at(-1)?.who
  if (closedAs(ledger.history) !== null || (last && lifeOf(last) === 'gone')) throw nobodyRunsIt(id, verb)
  const request = await send(store, who, id, verb, null)
  return awaitAnswer(store, request)
}

/** Takes back the last of what was asked and not answered yet. @throws Blocked E_NOTHING_TO_CANCEL. */
export async function cancelRequest(
  store: JournalStore,
  who: Actor,
  id: string,
  verb: Exclude<ControlVerb, 'cancel'>,
): Promise<AskedMigration> {
  const ledger = await MigrationLedger.open(store, id, who)
  const request = openRequests(ledger.history, ledger.requests).findLast((open) => open.verb === verb)
  if (!request) {
    throw new Blocked('E_NOTHING_TO_CANCEL', `no ${verb} waits for an answer in ${id}`, {
      data: {id, verb},
      next: [`keyshift migrate status ${id}`],
    })
  }
  const {requestId} = request
  await send(store, who, id, 'cancel', requestId)
  const {entries} = viewLines(await store.read(id))
  const isTaken = entries.some(({data, phase}) => phase === 'taken' && data['requestId'] === requestId)
  return {id, verb: 'cancel', requestId, isAccepted: !isTaken, reason: isTaken ? 'it was answered meanwhile' : null}
}

async function send(
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

async function awaitAnswer(store: JournalStore, request: ControlRequest): Promise<AskedMigration> {
  const {migrationId: id, requestId, verb} = request
  const deadline = Date.now() + ANSWER_MS
  while (Date.now() < deadline) {
    const {entries} = viewLines(await store.read(id))
    const data = entries.find((entry) => entry.phase === 'taken' && entry.data['requestId'] === requestId)?.data
    if (data) {
      if (data['isAccepted'] !== true) throw notNow(id, verb, String(data['reason']))
      return {id, verb, requestId, isAccepted: true, reason: null}
    }
    await delay(200)
  }
  throw new Pending('E_NOT_ANSWERED', `nobody has answered ${verb} in ${id} so far; it stands in the journal`, {
    data: {id, verb, requestId},
    next: [
      `keyshift migrate status ${id}`,
      `keyshift migrate ${verb} ${id} --cancel`,
      `keyshift migrate resume ${id} --take-over`,
    ],
  })
}

function notNow(id: string, verb: string, reason: string): Blocked {
  return new Blocked('E_NOT_NOW', `${verb} is not possible for ${id}: ${reason}`, {
    data: {id, verb, reason},
    next: [`keyshift migrate status ${id}`],
  })
}

function nobodyRunsIt(id: string, verb: string): Conflict {
  return new Conflict('E_NOBODY_RUNS_IT', `nobody runs ${id}, so nobody would answer ${verb}`, {
    data: {id, verb},
    next: [`keyshift migrate resume ${id}`, `keyshift migrate rollback ${id}`],
  })
}

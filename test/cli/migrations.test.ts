import {hostname} from 'node:os'
import {test, type TestContext} from 'node:test'

import type {Actor} from '../../src/clients/journal/journal-store.js'
import {FileJournal} from '../../src/clients/journal/file-journal.js'
import {MigrationJournal} from '../../src/domain/migration/journal/migration-journal.js'
import {plan} from '../support/reports/reports.js'
import {requireFailure} from '../support/shells/cli.js'
import {temporaryFolder} from '../support/shells/folder.js'

const ID = '20261123-140509-3fa9'
const HERE: Actor = {user: 'ann', host: hostname(), pid: process.pid}
const GONE: Actor = {...HERE, pid: 4_000_000}

/** A journal in files. @returns the flags of the commands that read it. */
async function journalOf(t: TestContext, who: Actor, state: string | null): Promise<string[]> {
  const folder = await temporaryFolder(t)
  const store = new FileJournal(folder)
  await store.create(ID)
  const journal = MigrationJournal.begin(store, ID, plan, who)
  await journal.addDurably('run', 'intent', {plan, isPostponed: false})
  if (state !== null) await journal.addDurably('run', 'closed', {state})
  return ['--journal', `file:${folder}`, '--admin-url', 'http://127.0.0.1:1']
}

interface Case {
  readonly verb: string
  readonly who?: Actor
  /** null while it runs */
  readonly state: string | null
  readonly exit: number
  readonly code: string
  readonly says: RegExp
}

const CASES: readonly Case[] = [
  {verb: 'finish', state: null, exit: 3, code: 'E_NOT_COMPLETED', says: /is running; only a completed migration/},
  {verb: 'finish', state: 'finished', exit: 3, code: 'E_NOT_COMPLETED', says: /is finished; only a completed/},
  {verb: 'resume', state: 'done', exit: 3, code: 'E_NOTHING_TO_RESUME', says: /is done; there is nothing to resume/},
  {verb: 'resume', state: null, exit: 5, code: 'E_CLAIMED', says: /is already being run by ann@/},
  {verb: 'rollback', state: 'finished', exit: 3, code: 'E_CANNOT_ROLL_BACK', says: /it is finished/},
  {verb: 'rollback', state: null, exit: 5, code: 'E_CLAIMED', says: /is already being run by ann@/},
  {verb: 'abort', state: 'done', exit: 3, code: 'E_NOT_ALLOWED_IN_STATE', says: /abort is not possible .*: it is done/},
  {verb: 'abort', who: GONE, state: null, exit: 5, code: 'E_NOT_RUNNING', says: /is not running/},
  {verb: 'cutover', state: null, exit: 3, code: 'E_NOT_ALLOWED_IN_STATE', says: /it is not postponed/},
  {verb: 'postpone', state: 'done', exit: 3, code: 'E_NOT_ALLOWED_IN_STATE', says: /it is done/},
  // The state allows these, so that the confirmation is what is missing.
  {verb: 'abort', state: null, exit: 2, code: 'E_CONFIRM', says: /pass --yes/},
  {verb: 'resume', who: GONE, state: null, exit: 2, code: 'E_CONFIRM', says: /pass --yes/},
  {verb: 'rollback', state: 'done', exit: 2, code: 'E_CONFIRM', says: /pass --yes/},
]

for (const {code, exit, says, state, verb, who = HERE} of CASES) {
  const process = who === GONE ? ' without a process' : ''
  test(`migrate ${verb} of a migration that is ${state ?? 'running'}${process}: ${code} without --yes`, async (t) =>
    requireFailure({args: ['migrate', verb, ID, ...(await journalOf(t, who, state))], exit, code, says}))
}

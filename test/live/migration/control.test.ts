import assert from 'node:assert/strict'
import {join} from 'node:path'
import {test, type TestContext} from 'node:test'

import type {Workload} from '../../../src/domain/lab/workload.js'
import type {RequestResult} from '../../../src/domain/migration/run/send-request.js'
import type {MigrationResult} from '../../../src/domain/migration/run/migration-result.js'
import type {MigrationList} from '../../../src/domain/migration/journal/status.js'
import {
  askCli,
  type CliRun,
  parseDocument,
  requireFailure,
  type RunningCli,
  startCli,
} from '../../support/shells/cli.js'
import {
  runOnOtherHost,
  IN_PLACE,
  newestMigration,
  planChange,
  requireExactlyOnce,
  startWhenRefused,
  stateOf,
  untilMigration,
  journalFlags,
} from '../../support/faults/crash.js'
import {live, openWorkload, type Place, until} from '../../support/servers/live.js'

/** Long enough to act while a run drains. */
const SLOW = {work: {workMs: 5, slowEvery: 150, slowMs: 20_000}}

interface Postponed {
  readonly workload: Workload
  readonly before: unknown
  readonly id: string
  readonly run: RunningCli
}

/** A migration that has prepared all and waits for its cut-over. */
async function postponed(t: TestContext, place: Place, options: object = {}): Promise<Postponed> {
  const workload = await openWorkload(t, place, options)
  const before = await stateOf(place, workload)
  await startWhenRefused(place, workload, IN_PLACE)
  const plan = await planChange(place, workload, IN_PLACE)
  const args = ['migrate', 'apply', plan, '--yes', '--soak', '0s', '--postpone', '--json', ...journalFlags(place)]
  const run = startCli(args)
  const status = await untilMigration(place, 'the state', ({readyToCutOver}) => readyToCutOver)
  return {workload, before, id: status.id, run}
}

function say(place: Place, verb: string, id: string, ...more: string[]): Promise<CliRun> {
  return runOnOtherHost(place, ['migrate', verb, id, ...(more.includes('--cancel') ? [] : ['--yes']), ...more])
}

test(
  'a postponed run reports what it waits for without pausing delivery, and cutover works from another machine',
  live(async (t, place) => {
    const {id, run, workload} = await postponed(t, place)
    const status = await newestMigration(place)
    assert.deepEqual([status?.state, status?.step, status?.gapMs], ['postponed', 'restrict-types', null])
    assert.match(status?.waitingFor ?? '', /cutover/)
    const handled = workload.counts.open
    await until('messages while it waits', () => workload.counts.sentCount > 600)
    assert.ok(workload.counts.open <= handled + 100, 'messages are handled all the while')
    const answer = await say(place, 'cutover', id)
    assert.equal(answer.code, 0, answer.stdout)
    assert.equal(parseDocument<RequestResult>(answer.stdout).result.isAccepted, true)
    const finished = await run.finished
    assert.equal(finished.code, 0, finished.stdout)
    assert.equal(parseDocument<MigrationResult>(finished.stdout).result.state, 'done')
    await requireExactlyOnce(workload)
  }),
)

test(
  'abort of a postponed run restores everything with exit 8, and later requests are rejected with a reason',
  live(async (t, place) => {
    const {before, id, run, workload} = await postponed(t, place)
    assert.equal((await say(place, 'postpone', id)).code, 0, 'a repeated request is accepted')
    const answer = await say(place, 'abort', id)
    assert.equal(answer.code, 0, answer.stdout)
    const finished = await run.finished
    assert.equal(finished.code, 8)
    const {error} = parseDocument(finished.stdout)
    assert.equal(error.code, 'E_ROLLED_BACK')
    assert.match(error.message, /abort requested by/)
    assert.deepEqual(await stateOf(place, workload), before)
    for (const verb of ['cutover', 'postpone', 'abort']) {
      const late = await say(place, verb, id)
      assert.equal(late.code, 3, verb)
      assert.equal(parseDocument(late.stdout).error.code, 'E_NOT_ALLOWED_IN_STATE')
      assert.match(parseDocument(late.stdout).error.message, /rolled-back/)
    }
    const cancel = await say(place, 'abort', id, '--cancel')
    assert.equal(parseDocument(cancel.stdout).error.code, 'E_NOTHING_TO_CANCEL')
    await requireExactlyOnce(workload)
  }),
)

test(
  'status --watch follows a migration to its end: one document with the last state, from the state of the journal alone',
  live(async (t, place) => {
    const {id, run, workload} = await postponed(t, place)
    const watching = startCli(['migrate', 'status', id, '--watch', '--json', ...journalFlags(place)])
    const looking = startCli(['migrate', 'status', id, '--watch', ...journalFlags(place)])
    assert.equal((await say(place, 'abort', id)).code, 0)
    await run.finished
    const last = await watching.finished
    assert.equal(last.code, 0)
    assert.equal(parseDocument<MigrationList>(last.stdout).result.migrations[0]?.state, 'rolled-back')
    const {stderr, stdout} = await looking.finished
    assert.equal(stderr, '', 'what moves is for terminals')
    assert.match(stdout, /rolled-back/)
    await requireExactlyOnce(workload)
  }),
)

test(
  'abort in the drain: delivery runs as before; postpone and cutover come too late there',
  live(async (t, place) => {
    const workload = await openWorkload(t, place, SLOW)
    const before = await stateOf(place, workload)
    await startWhenRefused(place, workload, IN_PLACE)
    await until('some load', () => workload.counts.sentCount > 300)
    const plan = await planChange(place, workload, IN_PLACE)
    const run = startCli(['migrate', 'apply', plan, '--yes', '--soak', '0s', '--json', ...journalFlags(place)])
    const {id} = await untilMigration(place, 'the state', ({step}) => step === 'drain' || step === 'pause')
    for (const late of await Promise.all(['postpone', 'cutover'].map((verb) => say(place, verb, id)))) {
      assert.equal(parseDocument(late.stdout).error.code, 'E_NOT_ALLOWED_IN_STATE', late.stdout)
    }
    assert.equal((await say(place, 'abort', id)).code, 0)
    assert.equal((await run.finished).code, 8)
    assert.deepEqual(await stateOf(place, workload), before)
    await requireExactlyOnce(workload)
  }),
)

test(
  'a request without an answer is listed and can be canceled, and a canceled cutover never happens',
  live(async (t, place) => {
    const {id, run, workload} = await postponed(t, place)
    assert.ok(run.child.pid)
    process.kill(run.child.pid, 'SIGSTOP') // the process exists but does not react
    const asking = say(place, 'cutover', id)
    const {requests} = await untilMigration(place, 'the state', (status) => status.requests.length > 0)
    assert.deepEqual(
      requests.map(({verb}) => verb),
      ['cutover'],
    )
    const unanswered = await asking
    assert.equal(unanswered.code, 8)
    assert.equal(parseDocument(unanswered.stdout).error.code, 'E_REQUEST_TIMEOUT')
    const cancel = await say(place, 'cutover', id, '--cancel')
    assert.equal(parseDocument<RequestResult>(cancel.stdout).result.isAccepted, true, cancel.stdout)
    process.kill(run.child.pid, 'SIGCONT')
    const abort = await say(place, 'abort', id)
    assert.equal(abort.code, 0, abort.stdout)
    await run.finished
    const {migrations} = await askCli<MigrationList>(['migrate', 'status', id, ...journalFlags(place)])
    assert.deepEqual([migrations[0]?.state, migrations[0]?.gapMs], ['rolled-back', null], 'never held')
    await requireExactlyOnce(workload)
  }),
)

test(
  'every writing verb of a second operator is refused with the current owner and its start time',
  live(async (t, place) => {
    const {id, run, workload} = await postponed(t, place)
    const plan = join(place.folder, `${workload.topic.local}.json`)
    const apply = ['migrate', 'apply', plan, '--yes', ...journalFlags(place)]
    await requireFailure({
      args: apply,
      exit: 5,
      code: 'E_CLAIMED',
      says: new RegExp(`${id} is already migrating .*, run by .*@.* pid \\d+ since `),
    })
    for (const verb of ['resume', 'rollback']) {
      const args = ['migrate', verb, id, '--yes', ...journalFlags(place)]
      await requireFailure({args, exit: 5, code: 'E_CLAIMED', says: /is already being run by .*@.* pid \d+, since/})
    }
    const takeOver = ['migrate', 'resume', id, '--yes', '--take-over', ...journalFlags(place)]
    await requireFailure({args: takeOver, exit: 5, code: 'E_CLAIMED', says: /last heartbeat at/})
    const finish = ['migrate', 'finish', id, '--yes', ...journalFlags(place)]
    await requireFailure({args: finish, exit: 3, code: 'E_NOT_COMPLETED', says: /postponed/})
    assert.equal((await say(place, 'abort', id)).code, 0)
    assert.equal((await run.finished).code, 8)
    await requireExactlyOnce(workload)
  }),
)

test(
  'a run without a heartbeat is taken over, and its old process changes nothing after it wakes up',
  live(async (t, place) => {
    const {id, run, workload} = await postponed(t, place)
    assert.ok(run.child.pid)
    process.kill(run.child.pid, 'SIGSTOP')
    const silent = await runOnOtherHost(place, ['migrate', 'rollback', id, '--yes'])
    assert.equal(parseDocument(silent.stdout).error.code, 'E_CLAIMED', 'never silently')
    const taken = await runOnOtherHost(place, ['migrate', 'rollback', id, '--yes', '--take-over'])
    assert.equal(taken.code, 0, taken.stdout)
    process.kill(run.child.pid, 'SIGCONT')
    const woken = await run.finished
    assert.equal(woken.code, 5, woken.stdout)
    assert.equal(parseDocument(woken.stdout).error.code, 'E_TAKEN_OVER')
    const verified = await askCli<{isIntact: boolean}>(['migrate', 'journal', 'verify', id, ...journalFlags(place)])
    assert.equal(verified.isIntact, true)
    await requireExactlyOnce(workload)
  }),
)

test(
  'rollback works after done, and is refused after finish',
  live(async (t, place) => {
    const {id, run, workload} = await postponed(t, place)
    await say(place, 'cutover', id)
    assert.equal((await run.finished).code, 0)
    await askCli(['migrate', 'finish', id, '--yes', ...journalFlags(place)])
    const args = ['migrate', 'rollback', id, '--yes', ...journalFlags(place)]
    await requireFailure({args, exit: 3, code: 'E_CANNOT_ROLL_BACK', says: /finished/})
    await requireExactlyOnce(workload)
  }),
)

import assert from 'node:assert/strict'
import {chmod, mkdir, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {test, type TestContext} from 'node:test'

import type {Workload} from '../../../src/domain/lab/workload.js'
import type {MigrationResult} from '../../../src/domain/migration/run/migration-result.js'
import {askCli, parseDocument, requireFailure, runCli, startCli} from '../../support/shells/cli.js'
import {
  IN_PLACE,
  newestMigration,
  planChange,
  requireExactlyOnce,
  startWhenRefused,
  stateOf,
  journalFlags,
} from '../../support/faults/crash.js'
import {live, openWorkload, type Place, until} from '../../support/servers/live.js'

interface Prepared {
  readonly workload: Workload
  readonly before: unknown
  readonly args: (...more: string[]) => string[]
  readonly log: () => Promise<string[]>
}

/** A workload with its plan, and a folder of hooks. Each hook writes its name and facts to a log, then runs the given lines. */
async function prepare(t: TestContext, place: Place, hooks: Record<string, string>): Promise<Prepared> {
  const workload = await openWorkload(t, place)
  const before = await stateOf(place, workload)
  await startWhenRefused(place, workload, IN_PLACE)
  await until('some load', () => workload.counts.sentCount > 200)
  const plan = await planChange(place, workload, IN_PLACE)
  const folder = join(place.folder, 'hooks')
  const log = join(place.folder, 'hooks.log')
  await mkdir(folder)
  for (const [name, body] of Object.entries(hooks)) {
    const facts =
      '$KEYSHIFT_DIRECTION $KEYSHIFT_STEP $KEYSHIFT_FROM $KEYSHIFT_TO $KEYSHIFT_TOPIC $KEYSHIFT_SUBSCRIPTION'
    const text = `#!/bin/sh\necho "${name} ${facts} token=$KEYSHIFT_TOKEN" >> ${log}\n${body}\n`
    await writeFile(join(folder, name), text)
    await chmod(join(folder, name), 0o755)
  }
  return {
    workload,
    before,
    args: (...more) => [
      'migrate',
      'apply',
      plan,
      '--yes',
      '--soak',
      '0s',
      '--hooks',
      folder,
      ...more,
      ...journalFlags(place),
    ],
    log: async () => (await readFile(log, 'utf8')).trim().split('\n'),
  }
}

test(
  'every hook runs once, in order, with its variables, and its time is reported separately in the delivery pause',
  live(async (t, place) => {
    const names = ['before-pause', 'paused', 'drained', 'stop-old', 'start-new', 'cut-over', 'resumed']
    const hooks = Object.fromEntries(names.map((name) => [name, name === 'drained' ? 'sleep 0.4' : 'exit 0']))
    const {args, log, workload} = await prepare(t, place, {...hooks, 'rolled-back': 'exit 1', failed: 'exit 1'})
    const env = {KEYSHIFT_TOKEN: 'eyJ.secret.x'}
    const run = await runCli([...args(), '--json'], env)
    assert.equal(run.code, 0, run.stdout)
    const {result} = parseDocument<MigrationResult>(run.stdout)
    const lines = await log()
    assert.deepEqual(
      lines.map((line) => line.split(' ')[0]),
      names,
    )
    const steps = lines.map((line) => line.split(' ')[2])
    assert.deepEqual(steps, ['pause', 'pause', 'drain', 'disconnect', 'switch-type', 'switch-type', 'verify-delivery'])
    assert.ok(
      lines.every(
        (line) => line.includes(`forward`) && line.includes(`Shared Key_Shared ${workload.topic.full} decision`),
      ),
    )
    assert.ok(
      lines.every((line) => line.endsWith('token=')),
      'the login is ours alone',
    )
    assert.ok(result.gap.hooksMs >= 400 && result.gap.hooksMs <= (result.gapMs ?? 0), JSON.stringify(result.gap))
    await requireExactlyOnce(workload)
  }),
)

const FAULTS: ReadonlyArray<readonly [what: string, body: string, says: RegExp, more: string[]]> = [
  ['fails', 'echo no pods left >&2; exit 7', /the hook drained exited with 7: no pods left/, []],
  ['is too slow', 'sleep 60', /the hook drained timed out after 1\.\d s/, ['--hook-timeout', '1s']],
  ['is killed', 'kill -9 $$', /the hook drained was killed by a signal/, []],
]

for (const [what, body, says, more] of FAULTS) {
  test(
    `a hook before the switch that ${what} rolls the run back with exit 8, and delivery is restored`,
    live(async (t, place) => {
      const {args, before, log, workload} = await prepare(t, place, {drained: body, 'rolled-back': 'exit 0'})
      await requireRolledBack(args(...more), says)
      assert.deepEqual(await stateOf(place, workload), before)
      assert.deepEqual(
        (await log()).map((line) => line.split(' ')[0]),
        ['drained', 'rolled-back'],
      )
      await requireExactlyOnce(workload)
    }),
  )
}

test(
  'a failing hook after the switch stops the run, calls `failed`, and resume completes it',
  live(async (t, place) => {
    const {args, log, workload} = await prepare(t, place, {'cut-over': 'test -e $0.ok', failed: 'exit 0'})
    const run = await runCli([...args(), '--json'])
    assert.equal(run.code, 8, run.stdout)
    assert.equal(parseDocument(run.stdout).error.code, 'E_STOPPED')
    assert.deepEqual(
      (await log()).map((line) => line.split(' ')[0]),
      ['cut-over', 'failed'],
    )
    await writeFile(join(place.folder, 'hooks', 'cut-over.ok'), '')
    const id = (await newestMigration(place))?.id ?? ''
    const hooks = ['--hooks', join(place.folder, 'hooks')]
    const resumed = await askCli<MigrationResult>([
      ...['migrate', 'resume', id, '--yes', ...hooks],
      ...journalFlags(place),
    ])
    assert.equal(resumed.state, 'done')
    await requireExactlyOnce(workload)
  }),
)

test(
  'the time of a hook that starts the new consumers is reported separately in the delivery pause',
  live(async (t, place) => {
    const workload = await openWorkload(t, place)
    await until('some load', () => workload.counts.sentCount > 200)
    const plan = await planChange(place, workload, IN_PLACE)
    const folder = join(place.folder, 'hooks')
    await mkdir(folder)
    const started = join(place.folder, 'started')
    await writeFile(join(folder, 'start-new'), `#!/bin/sh\ntouch ${started}\n`)
    await chmod(join(folder, 'start-new'), 0o755)
    const args = [
      'migrate',
      'apply',
      plan,
      '--yes',
      '--soak',
      '0s',
      '--hooks',
      folder,
      '--json',
      ...journalFlags(place),
    ]
    const run = startCli(args)
    await until('the hook', async () => (await readFile(started, 'utf8').catch(() => null)) !== null)
    workload.startStandby()
    const finished = await run.finished
    assert.equal(finished.code, 0, finished.stdout)
    const {gap, gapMs} = parseDocument<MigrationResult>(finished.stdout).result
    assert.ok((gap.consumersMs ?? 0) > 0)
    assert.equal((gap.keyshiftMs ?? 0) + gap.hooksMs + (gap.consumersMs ?? 0), gapMs)
    await requireExactlyOnce(workload)
  }),
)

test(
  'a hook that cannot run, or a missing folder, is refused before anything starts',
  live(async (t, place) => {
    const {args, before, workload} = await prepare(t, place, {})
    const absent = args().map((part) => (part.endsWith('/hooks') ? `${part}-absent` : part))
    await requireFailure({args: absent, exit: 2, code: 'E_HOOKS', says: /cannot read the hooks folder .* \(ENOENT\)/})
    await writeFile(join(place.folder, 'hooks', 'before-pause'), '#!/bin/sh\n')
    await requireRolledBack(args(), /before-pause is not executable/)
    assert.deepEqual(await stateOf(place, workload), before)
    await requireExactlyOnce(workload)
  }),
)

async function requireRolledBack(args: readonly string[], says: RegExp): Promise<void> {
  const run = await runCli([...args, '--json'])
  assert.equal(run.code, 8, run.stdout)
  const {error} = parseDocument(run.stdout)
  assert.equal(error.code, 'E_ROLLED_BACK')
  assert.match(error.message, says)
}

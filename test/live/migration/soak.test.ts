import assert from 'node:assert/strict'
import {test, type TestContext} from 'node:test'
import {setTimeout as delay} from 'node:timers/promises'

import type {JournalEntry} from '../../../src/clients/journal/journal-store.js'
import {ClusterJournal} from '../../../src/clients/journal/cluster-journal.js'
import type {Workload} from '../../../src/domain/lab/workload.js'
import type {Worker} from '../../../src/domain/lab/worker.js'
import {mayDeliverTwiceOnJoin} from '../../../src/domain/migration/double-delivery.js'
import type {MigrationResult} from '../../../src/domain/migration/run/migration-result.js'
import {type CliRun, parseDocument, startCli} from '../../support/shells/cli.js'
import {
  BLUE_GREEN,
  IN_PLACE,
  NEW_SUBSCRIPTION,
  planChange,
  stateOf,
  subscriptionsOf,
  type TypeChange,
  untilMigration,
  journalFlags,
} from '../../support/faults/crash.js'
import {
  brokerVersion,
  live,
  openWorkload,
  type Place,
  settleExactlyOnce,
  settleWithoutLoss,
  until,
} from '../../support/servers/live.js'
import {withSlowness} from '../../support/slowness.js'
import {SUBSCRIPTION} from '../../support/reports/migration-runs.js'

/**
 * Before 4.0 the broker reads on for consumers that are behind: a slow fleet may have more to finish than a drain waits for.
 * Then delivery to it goes on.
 */
const READS_FAR_AHEAD = mayDeliverTwiceOnJoin(brokerVersion, 'Key_Shared')

/** A worker whose time for a message can be changed while it works. */
class Changing implements Worker {
  workMs: (key: string, sequence: number) => number = () => 5

  async work(key: string, sequence: number, closing: AbortSignal): Promise<{startedAt: number; endedAt: number}> {
    const startedAt = Date.now()
    await delay(this.workMs(key, sequence), undefined, {signal: closing})
    return {startedAt, endedAt: Date.now()}
  }
}

interface Soaking {
  readonly workload: Workload
  readonly worker: Changing
  readonly before: unknown
  readonly finished: Promise<CliRun>
}

/** A migration whose switch is done and whose soak has begun. */
async function soaking(t: TestContext, place: Place, change: TypeChange, ...more: string[]): Promise<Soaking> {
  const workload = await openWorkload(t, place)
  const before = await stateOf(place, workload)
  const worker = new Changing()
  const plan = await planChange(place, workload, change)
  const {finished} = startCli(['migrate', 'apply', plan, '--yes', '--json', ...more, ...journalFlags(place)])
  const isBlueGreen = change.strategy === 'blue-green'
  if (isBlueGreen) {
    await untilMigration(place, 'the auto-create block', ({step}) =>
      ['block-auto-create', 'pause-new'].includes(step ?? ''),
    )
  }
  workload.startStandby(workload.topic, isBlueGreen ? NEW_SUBSCRIPTION : SUBSCRIPTION, worker)
  await untilMigration(place, 'the soak', ({step}) => step === 'soak')
  await until('the intent of the soak', () => hasIntent(place))
  return {workload, worker, before, finished}
}

async function entriesOf(place: Place): Promise<JournalEntry[]> {
  const journal = new ClusterJournal(place.admin, place.namespace)
  const [id = ''] = await journal.list()
  return (await journal.read(id)).filter((line) => line.kind === 'entry')
}

async function hasIntent(place: Place): Promise<boolean> {
  return (await entriesOf(place)).some(({phase, step}) => step === 'soak' && phase === 'intent')
}

async function isRollingBack(place: Place): Promise<boolean> {
  return (await entriesOf(place)).some(({direction}) => direction === 'rollback')
}

/** Requires an automatic rollback within 30 s of the fault, on a machine that is not busy. */
async function requireRollback(
  t: TestContext,
  place: Place,
  run: Promise<CliRun>,
  faultAt: number,
  says: RegExp,
  mayStop = false,
): Promise<void> {
  const {
    result: {code, stdout},
    slowness,
  } = await withSlowness(() => run)
  assert.equal(code, 8, stdout)
  const {error} = parseDocument(stdout)
  const turned = (await entriesOf(place)).find(({direction}) => direction === 'rollback')
  if (mayStop && error.code === 'E_STOPPED') {
    assert.match(
      error.message,
      /delivery was paused for 6\d s and has resumed: drain timed out after 60 s while waiting for acks from /,
    )
    assert.match(String(turned?.data['reason']), says)
  } else {
    assert.equal(error.code, 'E_ROLLED_BACK', error.message)
    assert.match(error.message, says)
  }
  const afterMs = Date.parse(turned?.at ?? '') - faultAt
  t.diagnostic(`the rollback started ${String(afterMs)} ms after the fault: ${error.message}`)
  assert.ok(afterMs < 30_000 * slowness)
}

test(
  'the soak of healthy consumers ends without a rollback',
  live(async (t, place) => {
    const {finished, workload} = await soaking(t, place, IN_PLACE, '--soak', '12s')
    const run = await finished
    assert.equal(run.code, 0, run.stdout)
    assert.equal(parseDocument<MigrationResult>(run.stdout).result.state, 'done')
    await settleExactlyOnce(workload)
  }),
)

test(
  'consumers that become slow trigger an automatic rollback without loss or duplicates',
  live(async (t, place) => {
    const {before, finished, worker, workload} = await soaking(t, place, IN_PLACE, '--soak', '60s')
    const faultAt = Date.now()
    worker.workMs = () => 1000
    const says = /worse than the old ones: .*new-\d has [\d,]+ unacked messages?/
    await requireRollback(t, place, finished, faultAt, says, READS_FAR_AHEAD)
    if (READS_FAR_AHEAD) worker.workMs = () => 5
    else assert.deepEqual(await stateOf(place, workload), before)
    await settleExactlyOnce(workload)
  }),
)

test(
  'a hot key that overloads one consumer triggers an automatic rollback',
  live(async (t, place) => {
    const {finished, worker, workload} = await soaking(t, place, IN_PLACE, '--soak', '60s')
    const faultAt = Date.now()
    worker.workMs = (key) => (key === 'user-hot' ? 15 : 5)
    workload.heat(0.4)
    await until('the rollback', () => isRollingBack(place))
    workload.heat(0) // what has heaped up for the key is there all the same, and must neither be lost nor come twice
    await requireRollback(t, place, finished, faultAt, /oldest message of partition \d has waited/)
    await settleWithoutLoss(workload)
  }),
)

test(
  'old consumers that reconnect alongside the new ones trigger an automatic rollback without loss',
  live(async (t, place) => {
    const {finished, workload} = await soaking(t, place, BLUE_GREEN, '--soak', '60s')
    const faultAt = Date.now()
    await place.admin.setAutoSubscriptionCreation(workload.topic, null)
    await requireRollback(t, place, finished, faultAt, /old consumers are connected: old-0/)
    assert.deepEqual(await subscriptionsOf(place, workload), {[SUBSCRIPTION]: Array<string>(4).fill('Shared')})
    const figures = await workload.settle()
    assert.equal(figures.lost, 0)
  }),
)

test(
  '--no-auto-rollback: it says what is worse, and stays',
  live(async (t, place) => {
    const {finished, worker, workload} = await soaking(t, place, IN_PLACE, '--soak', '60s', '--no-auto-rollback')
    worker.workMs = () => 3000
    const run = await finished
    worker.workMs = () => 5
    assert.equal(run.code, 0, run.stdout)
    const {findings, state} = parseDocument<MigrationResult>(run.stdout).result
    assert.equal(state, 'done')
    assert.ok(
      findings.some(({code}) => code === 'worse-than-before'),
      JSON.stringify(findings),
    )
    await workload.settle()
  }),
)

import assert from 'node:assert/strict'
import {fork} from 'node:child_process'
import {once} from 'node:events'
import {mkdtemp} from 'node:fs/promises'
import {join} from 'node:path'
import type {TestContext} from 'node:test'

import type {Fleet} from '../../../src/domain/lab/fleet.js'
import type {Workload} from '../../../src/domain/lab/workload.js'
import {ClusterJournal} from '../../../src/clients/journal/cluster-journal.js'
import {listMigrations} from '../../../src/domain/migration/journal/list-migrations.js'
import type {MigrationList, MigrationStatus} from '../../../src/domain/migration/journal/status.js'
import {type MigratableType, type Strategy} from '../../../src/domain/migration/strategy.js'
import {askCli, type CliRun, parseDocument, startCli} from '../shells/cli.js'
import {ask, closeFirst, type Place, settleExactlyOnce, until, untilSent} from '../servers/live.js'
import {SUBSCRIPTION} from '../reports/migration-runs.js'
import {ROOT} from '../root.js'

export const NEW_SUBSCRIPTION = 'decision-new'

export interface TypeChange {
  readonly strategy: Strategy
  readonly from: MigratableType
  readonly to: MigratableType
}

export const IN_PLACE: TypeChange = {strategy: 'in-place', from: 'Shared', to: 'Key_Shared'}
export const BLUE_GREEN: TypeChange = {...IN_PLACE, strategy: 'blue-green'}
export const IN_PLACE_FROM_FAILOVER: TypeChange = {...IN_PLACE, from: 'Failover'}
export const CHANGES: readonly TypeChange[] = [IN_PLACE, BLUE_GREEN, IN_PLACE_FROM_FAILOVER]

/** Before or after a line of a run's journal, which is given by its number from 0, or by step and phase: `disconnect intent`. */
export interface Moment {
  readonly line: number | string
  readonly when: 'after' | 'before'
}

export interface HaltedRun {
  readonly kill: () => void
  readonly resume: () => void
  readonly ended: Promise<RunEnd>
}

export interface RunEnd {
  /** null if it was killed */
  readonly code: number | null
  readonly said: string
}

/** The flags with which a command finds the migrations of a test's namespace. */
export function journalFlags({namespace}: Place): string[] {
  return ['--journal', 'cluster', '--namespace', namespace]
}

/** Plans a migration by the command line. @returns the plan file. */
export async function planChange(
  place: Place,
  workload: Workload,
  {strategy, to}: TypeChange,
  more: readonly string[] = [],
): Promise<string> {
  const file = join(place.folder, `${workload.topic.local}.json`)
  const target = strategy === 'blue-green' ? ['--new-subscription', NEW_SUBSCRIPTION] : []
  await askCli([
    'migrate',
    'plan',
    workload.topic.full,
    SUBSCRIPTION,
    '--to',
    to,
    '--strategy',
    strategy,
    ...target,
    ...more,
    '-o',
    file,
  ])
  return file
}

/**
 * Starts the new consumers as an operator would. In place they start at once, because the broker refuses them. Blue-green
 * they start when automatic creation of subscriptions is blocked: before that they would create the new subscription.
 */
export async function startWhenRefused(place: Place, workload: Workload, {strategy}: TypeChange): Promise<Fleet> {
  if (strategy === 'in-place') return workload.startStandby()
  const path = `${workload.topic.full.replace('persistent://', '/persistent/')}/autoSubscriptionCreation`
  const isBlocked = async (): Promise<boolean> => {
    const answer = await ask(place.addresses, 'GET', path).catch(() => null) // the broker may be restarting
    const policy = answer as {allowAutoSubscriptionCreation: boolean} | null
    return policy?.allowAutoSubscriptionCreation === false
  }
  await until('automatic creation of subscriptions being blocked', isBlocked)
  return workload.startStandby(workload.topic, NEW_SUBSCRIPTION)
}

/** Applies a plan in its own process, up to a moment. @returns the halted run; fails if the run ended before. */
export async function applyUntil(t: TestContext, place: Place, plan: string, {line, when}: Moment): Promise<HaltedRun> {
  const script = join(ROOT, 'test', 'crash', 'halting-run.ts')
  const {adminUrl, webSocketUrl} = place.addresses
  const child = fork(script, [adminUrl, webSocketUrl, plan, String(line), when], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString('utf8')
  })
  const ended = once(child, 'close').then(([code]): RunEnd => ({code: code as number | null, said}))
  closeFirst(t, async () => {
    child.kill('SIGKILL') // a run that a failed test leaves halted would never exit
    await ended
  })
  const first = await Promise.race([once(child, 'message'), ended])
  assert.ok(Array.isArray(first), `the run ended before it reached its line: ${said}`)
  return {
    kill: () => child.kill('SIGKILL'),
    resume: () => child.send('resume'),
    ended,
  }
}

/** Applies a plan in a process that is killed at this moment. */
export async function applyAndKill(t: TestContext, place: Place, plan: string, moment: Moment): Promise<void> {
  const run = await applyUntil(t, place, plan, moment)
  run.kill()
  assert.equal((await run.ended).code, null)
}

/** Runs a command as on another machine: in another folder, with another home folder and none of the first run's files. */
export async function runOnOtherHost(place: Place, args: readonly string[]): Promise<CliRun> {
  const home = await mkdtemp(join(place.folder, 'home-'))
  return startCli([...args, '--json', ...journalFlags(place)], {HOME: home, XDG_DATA_HOME: home}, undefined, home)
    .finished
}

/** Polls the journal in this process, which costs less than starting a command for each poll. */
export async function untilMigration(
  place: Place,
  what: string,
  fits: (status: MigrationStatus) => boolean,
): Promise<MigrationStatus> {
  const journal = new ClusterJournal(place.admin, place.namespace)
  let found: MigrationStatus | undefined
  await until(what, async () => {
    found = (await listMigrations(journal)).migrations.at(-1)
    return found !== undefined && fits(found)
  })
  assert.ok(found)
  return found
}

export async function newestMigration(place: Place): Promise<MigrationStatus | undefined> {
  const {migrations} = await askCli<MigrationList>(['migrate', 'list', ...journalFlags(place)])
  return migrations.at(-1)
}

/** The topic's policies as the broker returns them, and all claims in the test's namespace. */
export async function stateOf(place: Place, workload: Workload): Promise<unknown> {
  const base = workload.topic.full.replace('persistent://', '/persistent/')
  const policy = (path: string): Promise<unknown> => policyAt(place, `${base}/${path}`)
  const types = (await policy('subscriptionTypesEnabled')) as string[] | null
  const topics = (await ask(place.addresses, 'GET', `/persistent/${place.namespace}/partitioned`)) as string[]
  return {
    types: types?.length === 0 ? null : types, // the broker returns an empty list after the policy was removed
    rates: [await policy(`${SUBSCRIPTION}/dispatchRate`), await policy(`${NEW_SUBSCRIPTION}/dispatchRate`)],
    autoCreation: await policy('autoSubscriptionCreation'),
    claims: topics.filter((name) => name.includes('__keyshift-claim-')),
  }
}

/** null if it is unset, or if the broker has no topic policies (405). */
async function policyAt({addresses}: Place, path: string): Promise<unknown> {
  const answer = await fetch(`${addresses.adminUrl}/admin/v2${path}`)
  if (answer.status === 405) return null
  const text = await answer.text()
  assert.ok(answer.ok, `${path} answered ${String(answer.status)} ${text}`)
  return text === '' ? null : (JSON.parse(text) as unknown)
}

/** The type on each partition, by subscription. */
export async function subscriptionsOf(place: Place, workload: Workload): Promise<Record<string, string[]>> {
  const path = `${workload.topic.full.replace('persistent://', '/persistent/')}/partitioned-stats`
  const {partitions} = (await ask(place.addresses, 'GET', path)) as {
    partitions: Record<string, {subscriptions: Record<string, {type: string}>}>
  }
  const found: Record<string, string[]> = {}
  for (const {subscriptions} of Object.values(partitions)) {
    for (const [name, {type}] of Object.entries(subscriptions)) (found[name] ??= []).push(type)
  }
  return found
}

/**
 * Requires that a run succeeded, or that it stopped in a safe state from which it succeeds: when it is resumed, or, if it was
 * rolled back, when it is started again.
 *
 * @returns the consumers that receive the messages after that, and the errors of the runs that stopped.
 */
export async function completeMigration(
  place: Place,
  workload: Workload,
  change: TypeChange,
  {run, standby}: {run: RunEnd; standby: Promise<Fleet>},
): Promise<{fleet: Fleet; stops: string[]}> {
  if (run.code === 0) return {fleet: await standby, stops: []}
  assert.equal(run.code, 8, run.said)
  const stops = [firstLine(run.said)]
  const id = (await newestMigration(place))?.id ?? ''
  if ((await newestMigration(place))?.state !== 'rolled-back') {
    const resumed = await runOnOtherHost(place, ['migrate', 'resume', id, '--yes'])
    if (resumed.code === 0) return {fleet: await standby, stops}
    assert.equal(resumed.code, 8, resumed.stdout)
    stops.push(parseDocument(resumed.stdout).error.message)
  }
  assert.equal((await newestMigration(place))?.state, 'rolled-back')
  if ((await newestMigration(place))?.hasRestrictions) {
    await (await standby).close()
    const finished = await runOnOtherHost(place, ['migrate', 'finish', id, '--yes'])
    assert.equal(finished.code, 0, finished.stdout)
  }
  const plan = await planChange(place, workload, change)
  const again = change.strategy === 'in-place' ? standby : startWhenRefused(place, workload, change)
  const second = await runOnOtherHost(place, ['migrate', 'apply', plan, '--yes', '--soak', '0s'])
  assert.equal(second.code, 0, second.stdout)
  return {fleet: await again, stops}
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? ''
}

/** Requires that a migration is done, and finishes it. */
export async function requireMigrated(place: Place, workload: Workload, {strategy, to}: TypeChange): Promise<void> {
  const name = strategy === 'blue-green' ? NEW_SUBSCRIPTION : SUBSCRIPTION
  const subscriptions = await subscriptionsOf(place, workload)
  assert.deepEqual(Object.keys(subscriptions), [name])
  assert.ok(
    subscriptions[name]?.every((type) => type === to),
    String(subscriptions[name]),
  )
  const migration = await newestMigration(place)
  assert.equal(migration?.state, 'done')
  const finished = await runOnOtherHost(place, ['migrate', 'finish', migration.id, '--yes'])
  assert.equal(finished.code, 0, finished.stdout)
}

/** Requires that messages still flow, and that none was lost, duplicated, or processed by two consumers at the same time. */
export async function requireExactlyOnce(workload: Workload): Promise<void> {
  await untilSent(workload, 200)
  await settleExactlyOnce(workload)
}

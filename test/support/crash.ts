import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdtemp} from 'node:fs/promises'
import {join} from 'node:path'

import type {Fleet} from '../../src/domain/lab/fleet.js'
import type {Scene} from '../../src/domain/lab/scene.js'
import type {MigrationList, MigrationStatus} from '../../src/domain/migration/status.js'
import {type MigratableType, type Strategy} from '../../src/domain/migration/strategy.js'
import {askCli, type CliRun, startCli} from './cli.js'
import {ask, type Place, until} from './live.js'
import {SUBSCRIPTION} from './migration.js'

export const NEW_SUBSCRIPTION = 'decision-new'

export interface Journey {
  readonly strategy: Strategy
  readonly from: MigratableType
  readonly to: MigratableType
}

/** Where a run is killed: before or after the n-th line of its journal, counted from 0. */
export interface Death {
  readonly line: number
  readonly when: 'after' | 'before'
}

/** Flags that find a place's migrations in the cluster. */
export function whereOf({namespace}: Place): string[] {
  return ['--journal', 'cluster', '--namespace', namespace]
}

/** Plans a journey by the command line. @returns the plan's file. */
export async function planJourney(
  place: Place,
  scene: Scene,
  {strategy, to}: Journey,
  more: readonly string[] = [],
): Promise<string> {
  const file = join(place.folder, `${scene.topic.local}.json`)
  const target = strategy === 'blue-green' ? ['--new-subscription', NEW_SUBSCRIPTION] : []
  await askCli([
    'migrate',
    'plan',
    scene.topic.full,
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
 * Starts the new fleet as an operator would: in place at once, for the broker refuses it; blue-green as soon as the door
 * is closed, for before it would make the new subscription itself.
 */
export async function startWhenRefused(place: Place, scene: Scene, {strategy}: Journey): Promise<Fleet> {
  if (strategy === 'in-place') return scene.startStandby()
  const path = `${scene.topic.full.replace('persistent://', '/persistent/')}/autoSubscriptionCreation`
  const closed = async (): Promise<boolean> => {
    const door = (await ask(place.addresses, 'GET', path)) as {allowAutoSubscriptionCreation: boolean} | null
    return door?.allowAutoSubscriptionCreation === false
  }
  await until('the door being closed', closed, 60_000)
  return scene.startStandby(scene.topic, NEW_SUBSCRIPTION)
}

/** Applies a plan in a process that kills itself. @returns whether it was killed; else it ran to its end. */
export async function applyAndDie(place: Place, plan: string, {line, when}: Death): Promise<boolean> {
  const script = join(import.meta.dirname, '..', 'crash', 'dying-run.ts')
  const args = ['--import', 'tsx', script, place.addresses.adminUrl, plan, String(line), when]
  const child = spawn(process.execPath, args, {stdio: ['ignore', 'ignore', 'pipe']})
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString('utf8')
  })
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  assert.ok(signal === 'SIGKILL' || code === 0, errors)
  return signal === 'SIGKILL'
}

/** Runs a verb as another machine would: from another folder, with another home and no files of the first. */
export async function fromElsewhere(place: Place, args: readonly string[]): Promise<CliRun> {
  const home = await mkdtemp(join(place.folder, 'home-'))
  return startCli([...args, '--json', ...whereOf(place)], {HOME: home, XDG_DATA_HOME: home}, undefined, home).finished
}

export async function newestMigration(place: Place): Promise<MigrationStatus | undefined> {
  const {migrations} = await askCli<MigrationList>(['migrate', 'list', ...whereOf(place)])
  return migrations.at(-1)
}

/** The topic's policies by the broker's own words, and every claim of the place. */
export async function stateOf(place: Place, scene: Scene): Promise<unknown> {
  const base = scene.topic.full.replace('persistent://', '/persistent/')
  const policy = (path: string): Promise<unknown> => policyAt(place, `${base}/${path}`)
  const types = (await policy('subscriptionTypesEnabled')) as string[] | null
  const topics = (await ask(place.addresses, 'GET', `/persistent/${place.namespace}/partitioned`)) as string[]
  return {
    types: types?.length === 0 ? null : types, // once removed, the broker gives it as an empty list
    rates: [await policy(`${SUBSCRIPTION}/dispatchRate`), await policy(`${NEW_SUBSCRIPTION}/dispatchRate`)],
    door: await policy('autoSubscriptionCreation'),
    claims: topics.filter((name) => name.includes('__keyshift-claim-')),
  }
}

/** null where it is unset, or the broker has no topic policies (405). */
async function policyAt({addresses}: Place, path: string): Promise<unknown> {
  const answer = await fetch(`${addresses.adminUrl}/admin/v2${path}`)
  if (answer.status === 405) return null
  const text = await answer.text()
  assert.ok(answer.ok, `${path} answered ${String(answer.status)} ${text}`)
  return text === '' ? null : (JSON.parse(text) as unknown)
}

/** Subscription → type on each partition. */
export async function subscriptionsOf(place: Place, scene: Scene): Promise<Record<string, string[]>> {
  const path = `${scene.topic.full.replace('persistent://', '/persistent/')}/partitioned-stats`
  const {partitions} = (await ask(place.addresses, 'GET', path)) as {
    partitions: Record<string, {subscriptions: Record<string, {type: string}>}>
  }
  const found: Record<string, string[]> = {}
  for (const {subscriptions} of Object.values(partitions)) {
    for (const [name, {type}] of Object.entries(subscriptions)) (found[name] ??= []).push(type)
  }
  return found
}

/** Requires that the load goes on, and that nothing was lost, came twice, or was at two consumers. */
export async function requireWhole(scene: Scene): Promise<void> {
  const sent = scene.tally.sentCount
  await until('load afterwards', () => scene.tally.sentCount > sent + 200)
  const figures = await scene.settle()
  assert.deepEqual([figures.lost, figures.duplicates, figures.overlapsAfter], [0, 0, 0])
}

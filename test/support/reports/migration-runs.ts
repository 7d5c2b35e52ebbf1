import {join} from 'node:path'

import type {MigrationPlan} from '../../../src/domain/migration/plan/plan.js'
import type {Workload} from '../../../src/domain/lab/workload.js'
import type {MigrationStatus} from '../../../src/domain/migration/journal/status.js'
import {askCli} from '../shells/cli.js'
import {ask, type Place} from '../servers/live.js'

export const SUBSCRIPTION = 'decision'

/** The `--journal` flag for the folder of the test. */
export function journalOf(place: Place): string[] {
  return ['--journal', `file:${join(place.folder, 'journal')}`]
}

/** The command line that applies a plan without confirmation, with the journal in the folder of the test. */
export function applyArgs(place: Place, plan: string, ...options: string[]): string[] {
  return ['migrate', 'apply', plan, '--yes', '--soak', '0s', ...options, ...journalOf(place)]
}

/** Plans a migration by the command line. @returns the plan file. */
export async function planFile(place: Place, workload: Workload, options: readonly string[] = []): Promise<string> {
  const file = join(place.folder, `${workload.topic.local}.json`)
  await askCli<MigrationPlan>([
    'migrate',
    'plan',
    workload.topic.full,
    SUBSCRIPTION,
    '--to',
    'Key_Shared',
    '-o',
    file,
    ...options,
  ])
  return file
}

export async function statusOf(place: Place): Promise<MigrationStatus | undefined> {
  const {migrations} = await askCli<{migrations: MigrationStatus[]}>(['migrate', 'status', ...journalOf(place)])
  return migrations.at(-1)
}

/** The policies that a migration changes. After its removal the broker returns subscriptionTypesEnabled as an empty list. */
export async function policiesOf({addresses}: Place, workload: Workload): Promise<unknown> {
  const base = workload.topic.full.replace('persistent://', '/persistent/')
  const types = (await ask(addresses, 'GET', `${base}/subscriptionTypesEnabled`)) as string[] | null
  return {
    types: types?.length === 0 ? null : (types?.toSorted() ?? null),
    rate: await ask(addresses, 'GET', `${base}/${SUBSCRIPTION}/dispatchRate`),
  }
}

/** The type of the subscription on each partition, or on a topic without partitions. */
export async function typesOf(place: Place, workload: Workload): Promise<string[]> {
  const parts = ((await ask(place.addresses, 'GET', `/persistent/${place.namespace}`)) as string[]).filter((name) =>
    name.startsWith(workload.topic.full),
  )
  const stats = await Promise.all(
    parts.map((part) => ask(place.addresses, 'GET', `${part.replace('persistent://', '/persistent/')}/stats`)),
  )
  return stats.map(
    (one) => (one as {subscriptions: Record<string, {type: string}>}).subscriptions[SUBSCRIPTION]?.type ?? '',
  )
}

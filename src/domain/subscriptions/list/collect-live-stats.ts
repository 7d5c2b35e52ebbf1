import pLimit, {type LimitFunction} from 'p-limit'

import type {PulsarAdmin} from '../../../clients/pulsar-admin/admin.js'
import {orOnStatus} from '../../../clients/pulsar-admin/admin-refused.js'
import {Unreachable} from '../../../errors.js'
import {suggestedCommand} from '../../../suggested-command.js'
import {parseTopicName, partitionName, splitPartition} from '../../../topic-name.js'
import {type Collected, type Collecting, interrupted} from './row-source.js'
import type {SubscriptionRow} from './subscription-row.js'
import {groupAll, type NamedStats} from './group-partitions.js'
import {isWanted} from './topic-pattern.js'

const CONCURRENT_REQUESTS = 16

/** Requests the statistics of every topic, partition by partition. A topic's rows are passed on when all its partitions are read. */
export async function collectTopics(admin: PulsarAdmin, options: Collecting): Promise<Collected> {
  const limit = pLimit(CONCURRENT_REQUESTS)
  const topics = Map.groupBy(await topicNames(admin, options, limit), (name) => splitPartition(name).base)
  return collectEach(admin, [...topics.values()], options)
}

/** Requests the live statistics of the topics of some rows, and passes on only those rows. */
export async function collectAgain(
  admin: PulsarAdmin,
  rows: readonly SubscriptionRow[],
  options: Collecting,
): Promise<Collected> {
  const wanted = new Set(rows.map(rowId))
  const topics = new Map(rows.map(({partitions, topic}) => [topic, namesOf(topic, partitions)]))
  return collectEach(admin, [...topics.values()], {
    ...options,
    onRows: (found) => options.onRows(found.filter(({row}) => wanted.has(rowId(row)))),
  })
}

function rowId({subscription, topic}: SubscriptionRow): string {
  return JSON.stringify([topic, subscription])
}

function namesOf(topic: string, partitions: number | null): string[] {
  if (partitions === null) return [topic]
  return Array.from({length: partitions}, (_, index) => partitionName(parseTopicName(topic), index).full)
}

/** @param topics for each topic the names of its partitions, or its own name when it has none. */
async function collectEach(
  admin: PulsarAdmin,
  topics: ReadonlyArray<readonly string[]>,
  {nowMs, onRows, periodMs, signal}: Collecting,
): Promise<Collected> {
  const limit = pLimit(CONCURRENT_REQUESTS)
  const completed = await Promise.all(
    topics.map(async (names) => {
      const parts = await Promise.all(names.map((name) => limit(() => statsOf(admin, name, signal))))
      const {isComplete, rows} = groupAll(parts.flat(), {nowMs, periodMs, ageMs: 0})
      await onRows(rows)
      return isComplete
    }),
  )
  return {isComplete: completed.every(Boolean)}
}

/** Empty when the topic has been deleted since the names were read. */
async function statsOf(admin: PulsarAdmin, name: string, signal: AbortSignal | undefined): Promise<NamedStats[]> {
  if (signal?.aborted) throw interrupted(signal)
  const stats = await orOnStatus(404, admin.topicStats(parseTopicName(name)), null)
  return stats === null ? [] : [{name, stats}]
}

async function topicNames(admin: PulsarAdmin, options: Collecting, limit: LimitFunction): Promise<string[]> {
  const {pattern} = options
  const tenants = pattern.tenant === null ? await admin.tenants() : [pattern.tenant]
  const namespaces = await Promise.all(
    tenants.map(async (tenant) =>
      pattern.namespace === null ? await namespacesOf(admin, tenant) : [`${tenant}/${pattern.namespace}`],
    ),
  )
  const names = await Promise.all(
    namespaces.flat().map((path) => {
      const [tenant = '', namespace = ''] = path.split('/')
      return limit(() => topicsOf(admin, tenant, namespace))
    }),
  )
  return names.flat().filter((name) => isWanted(name, options))
}

async function namespacesOf(admin: PulsarAdmin, tenant: string): Promise<string[]> {
  const namespaces = await orOnStatus(404, admin.namespaces(tenant), null)
  if (namespaces !== null) return namespaces
  throw new Unreachable('E_TENANT_NOT_FOUND', `tenant ${tenant} does not exist`, {
    data: {tenant},
    next: [suggestedCommand('subscriptions', 'list')],
  })
}

async function topicsOf(admin: PulsarAdmin, tenant: string, namespace: string): Promise<string[]> {
  const topics = await orOnStatus(404, admin.topics(tenant, namespace), null)
  if (topics !== null) return topics
  const path = `${tenant}/${namespace}`
  throw new Unreachable('E_NAMESPACE_NOT_FOUND', `namespace ${path} does not exist`, {
    data: {namespace: path},
    next: [suggestedCommand('subscriptions', 'list', tenant)],
  })
}

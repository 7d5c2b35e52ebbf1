import pLimit from 'p-limit'

import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import {AdminRefused} from '../../clients/pulsar-admin/refused.js'
import type {BrokerTopics} from '../../clients/pulsar-admin/types.js'
import {parseTopicName, splitPartition} from '../../topic-name.js'
import {fits, type ListFilter, type ListOrder, sortRows} from './filter.js'
import {foldSubscriptions, type NamedStats, type SubscriptionList} from './list.js'
import type {TopicPattern} from './pattern.js'

export interface ListOptions {
  readonly pattern: TopicPattern
  /** Ask for each topic's statistics instead of the brokers' copies. */
  readonly isFresh: boolean
  /** Whether to list the broker's own topics too. */
  readonly hasSystemTopics: boolean
  readonly filter: ListFilter
  readonly order: ListOrder
  /** the most to list; all are counted */
  readonly limit: number
  /** Opens the admin API of another broker of the same cluster. */
  readonly openBroker: (address: string) => Promise<PulsarAdmin>
}

/** All that users have. */
export const EVERY_SUBSCRIPTION = {hasSystemTopics: false, filter: {}, order: 'name', limit: Infinity} as const

const CONCURRENT_TOPICS = 16

/**
 * Lists subscriptions: from each broker's own copy, one request per broker, or topic by topic when that is not allowed,
 * shows nothing, or fresh numbers are asked for. The answer says which way it was made.
 */
export async function listSubscriptions(admin: PulsarAdmin, options: ListOptions): Promise<SubscriptionList> {
  const asOf = new Date().toISOString()
  const copies = options.isFresh ? null : await brokerCopies(admin, options)
  const topics = copies?.topics ?? (await topicByTopic(admin, options))
  const {complete, rows} = foldSubscriptions(topics)
  const fitting = sortRows(
    rows.filter((row) => fits(row, options.filter)),
    options.order,
  )
  const failedBrokers = copies?.failed ?? []
  return {
    source: copies ? 'broker-stats' : 'topic-stats',
    asOf,
    maxAgeMs: copies ? await statsPeriodMs(admin) : 0,
    complete: complete && failedBrokers.length === 0,
    failedBrokers,
    matched: fitting.length,
    subscriptions: fitting.slice(0, options.limit),
  }
}

interface Copies {
  readonly topics: NamedStats[]
  readonly failed: SubscriptionList['failedBrokers']
}

/**
 * null when this login may not ask the brokers, or when their copies hold nothing that matches: a broker's copy is empty
 * for its first minute, and a topic is in it only once it is loaded, so nothing there does not mean nothing.
 *
 * @throws what the first broker answered, when none of them gives its copy.
 */
async function brokerCopies(
  admin: PulsarAdmin,
  {hasSystemTopics, openBroker, pattern}: ListOptions,
): Promise<Copies | null> {
  try {
    const brokers = await admin.brokers()
    // A broker by itself is known by its plain address, which may not be the way to it.
    const open = brokers.length === 1 ? (): Promise<PulsarAdmin> => Promise.resolve(admin) : openBroker
    const outcomes = await Promise.allSettled(brokers.map(async (address) => (await open(address)).brokerTopics()))
    const answers = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    const rejected = outcomes.filter((outcome) => outcome.status === 'rejected')
    const refused = rejected.find(({reason}) => isForbidden(reason)) ?? (answers.length === 0 ? rejected[0] : undefined)
    if (refused) throw refused.reason
    const topics = answers
      .flatMap(persistentTopics)
      .filter(({name}) => (hasSystemTopics || !isSystemTopic(name)) && pattern.matches(splitPartition(name).base))
    const failed = outcomes.flatMap((outcome, at) =>
      outcome.status === 'rejected' ? [{broker: brokers[at] ?? '', cause: causeOf(outcome.reason)}] : [],
    )
    return topics.length > 0 || failed.length > 0 ? {topics, failed} : null
  } catch (error) {
    if (isForbidden(error)) return null
    throw error
  }
}

function isForbidden(error: unknown): boolean {
  return error instanceof AdminRefused && error.isNotAllowed
}

function causeOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason)
}

function persistentTopics(answer: BrokerTopics): NamedStats[] {
  return Object.values(answer)
    .flatMap((bundles) => Object.values(bundles))
    .flatMap((domains) => Object.entries(domains['persistent'] ?? {}))
    .map(([name, stats]) => ({name, stats}))
}

async function topicByTopic(admin: PulsarAdmin, {hasSystemTopics, pattern}: ListOptions): Promise<NamedStats[]> {
  const limit = pLimit(CONCURRENT_TOPICS)
  const tenants = pattern.tenant === null ? await admin.tenants() : [pattern.tenant]
  const namespaces = await Promise.all(
    tenants.map(async (tenant) =>
      pattern.namespace === null ? await admin.namespaces(tenant) : [`${tenant}/${pattern.namespace}`],
    ),
  )
  const names = await Promise.all(
    namespaces.flat().map((path) => {
      const [tenant = '', namespace = ''] = path.split('/')
      return limit(() => admin.topics(tenant, namespace))
    }),
  )
  const wanted = names
    .flat()
    .filter((name) => (hasSystemTopics || !isSystemTopic(name)) && pattern.matches(splitPartition(name).base))
  return Promise.all(
    wanted.map((name) => limit(async () => ({name, stats: await admin.topicStats(parseTopicName(name))}))),
  )
}

/** The broker's own topics: `__change_events`, `__transaction_…` and their like. */
function isSystemTopic(name: string): boolean {
  return name.slice(name.lastIndexOf('/') + 1).startsWith('__') || name.startsWith('persistent://pulsar/system/')
}

/** How often a broker renews its copy; null when this login may not read its settings. */
async function statsPeriodMs(admin: PulsarAdmin): Promise<number | null> {
  try {
    const seconds = Number((await admin.runtimeConfiguration())['statsUpdateFrequencyInSecs'])
    return Number.isFinite(seconds) ? seconds * 1000 : null
  } catch (error) {
    if (error instanceof AdminRefused) return null
    throw error
  }
}

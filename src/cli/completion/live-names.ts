import {createHash} from 'node:crypto'
import {resolve} from 'node:path'
import {setTimeout as delay} from 'node:timers/promises'

import {JOURNAL_TOPICS} from '../../clients/journal/cluster-journal.js'
import type {NameCache} from '../../clients/files/name-cache.js'
import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import type {TopicName} from '../../topic-name.js'
import type {Connections} from '../connection/connections.js'
import type {Settings} from '../connection/settings.js'
import type {NameSource} from './names.js'

/** Time limit for all requests of one completion, because the user is waiting at the prompt. */
const PATIENCE_MS = 1000
/**
 * Journals are stored next to their topics, in any namespace. With more namespaces than this, only the one of
 * `--namespace` is searched.
 */
const MOST_NAMESPACES = 24

export interface LiveNamesOptions {
  readonly cache: NameCache
  readonly contextNames: () => Promise<readonly string[]>
  /** the connection of the line, variables and context */
  readonly open: () => Promise<Connections>
  /** `--journal` and `--namespace`, where they are set */
  readonly journal: string
  readonly namespace: string | null
  readonly env: NodeJS.ProcessEnv
}

/** Names from the context file, from the cache, and from the broker, which has one second to answer. */
export class ClusterNames implements NameSource {
  private readonly options: LiveNamesOptions
  private readonly late = delay(PATIENCE_MS, null, {ref: false})
  private connections: Promise<Connections> | null = null
  private admin: Promise<PulsarAdmin> | null = null

  constructor(options: LiveNamesOptions) {
    this.options = options
  }

  contexts(): Promise<readonly string[]> {
    return this.options.contextNames().catch(nothing)
  }

  tenants(): Promise<readonly string[]> {
    return this.ask(['tenants'], (admin) => admin.tenants())
  }

  namespaces(tenant: string): Promise<readonly string[]> {
    return this.ask(['namespaces', tenant], (admin) => admin.namespaces(tenant))
  }

  topics(namespace: string): Promise<readonly string[]> {
    const [tenant = '', name = ''] = namespace.split('/')
    return this.ask(['topics', namespace], (admin) => admin.topics(tenant, name))
  }

  subscriptions(topic: TopicName): Promise<readonly string[]> {
    return this.ask(['subscriptions', topic.full], (admin) => admin.subscriptions(topic))
  }

  async migrations(): Promise<readonly string[]> {
    const {journal, namespace} = this.options
    if (journal.startsWith('file:')) return migrationsIn(journal.slice('file:'.length)).catch(nothing)
    const chosen = namespace ?? (await this.settings())?.namespace?.value ?? 'all'
    return this.migrationsOf(chosen === 'all' ? await this.everyNamespace() : [chosen])
  }

  async ownNamespace(): Promise<string> {
    const settings = await this.settings()
    return settings?.namespace?.value ?? 'public/default'
  }

  private async everyNamespace(): Promise<readonly string[]> {
    const tenants = await this.tenants()
    if (tenants.length > MOST_NAMESPACES) return []
    const found = (await Promise.all(tenants.map((tenant) => this.namespaces(tenant)))).flat()
    return found.length > MOST_NAMESPACES ? [] : found
  }

  private async migrationsOf(namespaces: readonly string[]): Promise<readonly string[]> {
    const topics = (await Promise.all(namespaces.map((namespace) => this.topics(namespace)))).flat()
    return topics
      .map((topic) => topic.split('/').at(-1) ?? '')
      .filter((local) => local.startsWith(JOURNAL_TOPICS))
      .map((local) => local.slice(JOURNAL_TOPICS.length))
  }

  /** Names from the cache, otherwise from the broker; empty where neither has them. */
  private async ask(
    question: readonly string[],
    request: (admin: PulsarAdmin) => Promise<string[]>,
  ): Promise<readonly string[]> {
    const settings = await this.settings()
    if (settings === null) return []
    const whole = [...asWhom(settings, this.options.env), ...question]
    const known = await this.options.cache.get(whole)
    if (known !== null) return known
    // The time limit includes the login, which may take long.
    const answer = this.openAdmin().then(request)
    const names = await Promise.race([answer, this.late]).catch(() => null)
    if (names !== null) await this.options.cache.put(whole, names)
    return names ?? []
  }

  private async settings(): Promise<Settings | null> {
    this.connections ??= this.options.open()
    return this.connections.then(
      ({settings}) => settings,
      () => null,
    )
  }

  private openAdmin(): Promise<PulsarAdmin> {
    this.connections ??= this.options.open()
    this.admin ??= this.connections.then((connections) => connections.admin({timeoutMs: PATIENCE_MS, retryForMs: 0}))
    return this.admin
  }
}

async function migrationsIn(folder: string): Promise<readonly string[]> {
  const {FileJournal} = await import('../../clients/journal/file-journal.js')
  return new FileJournal(resolve(folder)).list()
}

function nothing(): readonly string[] {
  return []
}

/**
 * The cache key: cluster and login. A login names where its secret is stored. For an environment variable the digest of
 * its token is added, because another shell may hold another token under the same name. A password is never added: it
 * could be guessed from its digest.
 */
function asWhom({adminUrl, login, tls}: Settings, env: NodeJS.ProcessEnv): unknown[] {
  const source = login?.value ?? null
  const variable = source !== null && 'token' in source && 'env' in source.token ? (env[source.token.env] ?? '') : ''
  return [
    adminUrl?.value ?? null,
    source,
    tls.certFile?.value ?? null,
    createHash('sha256').update(variable).digest('hex'),
  ]
}

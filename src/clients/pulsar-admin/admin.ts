import {Unreachable} from '../../errors.js'
import type {Position} from '../../position.js'
import {shellCommand} from '../../suggested-command.js'
import {type TopicName, topicPath} from '../../topic-name.js'
import {type BrokerTopic, readBrokerTopics} from './broker-topics.js'
import {AdminHttp, type AdminHttpOptions, type AdminRequest, type RawAnswer} from './http.js'
import type {NamespacePolicies, TopicPolicyValues} from './policies.js'
import {AdminRefused} from './admin-refused.js'
import type {
  AutoSubscriptionCreation,
  DispatchRate,
  InternalStats,
  PartitionedTopicStats,
  SubscriptionType,
  TopicStats,
} from './types.js'

/**
 * Pulsar's admin REST API: one method per call that keyshift uses, with the names of the API. Every method throws
 * Unreachable when the broker does not answer, and AdminRefused with status and reason when it refuses.
 */
export class PulsarAdmin {
  private readonly http: AdminHttp

  constructor(options: AdminHttpOptions) {
    this.http = new AdminHttp(options)
  }

  get url(): string {
    return this.http.url
  }

  close(): Promise<void> {
    return this.http.close()
  }

  // --- cluster -------------------------------------------------------------------------------------------------

  async brokerVersion(): Promise<string> {
    const version = String(await this.http.send({method: 'GET', path: '/brokers/version'})) // plain text
    if (!/^[\w.+-]+$/.test(version)) throw this.noBroker('/brokers/version')
    return version
  }

  clusters(): Promise<string[]> {
    return this.list('/clusters')
  }

  /** `host:port` of each active broker; needs a superuser. */
  brokers(): Promise<string[]> {
    return this.list('/brokers')
  }

  /**
   * The web address of a broker, with the scheme of this connection; needs a superuser. Where brokers have a plain port
   * and a TLS port, their names contain the plain one (seen on 3.0.7, 4.0.7 and 4.2.4).
   *
   * @returns null when the answer contains no redirect with this scheme: it comes from that broker itself, or from a
   *   proxy that follows redirects.
   */
  async brokerUrl(cluster: string, broker: string): Promise<string | null> {
    const path = `/brokers/${[cluster, broker].map((part) => encodeURIComponent(part)).join('/')}/ownedNamespaces`
    const {location} = (await this.http.sendRaw({method: 'GET', path, isNotFollowed: true})).headers
    if (location === undefined) return null
    const {origin, protocol} = new URL(location)
    return protocol === new URL(this.url).protocol ? origin : null
  }

  /** The broker's settings as text; needs a superuser. They contain secrets: never print all of them. */
  async runtimeConfiguration(): Promise<Record<string, string>> {
    return (await this.get('/brokers/configuration/runtime')) as Record<string, string>
  }

  /**
   * Every topic that this broker has loaded, from statistics that it refreshes every `statsUpdateFrequencyInSecs`, while
   * they arrive. The answer may have hundreds of MB.
   *
   * @returns topics that throw Unreachable when the answer is cut off.
   */
  async brokerTopics(): Promise<AsyncIterable<BrokerTopic[]>> {
    return readBrokerTopics(await this.http.sendStreamed({method: 'GET', path: '/broker-stats/topics'}))
  }

  tenants(): Promise<string[]> {
    return this.list('/tenants')
  }

  namespaces(tenant: string): Promise<string[]> {
    return this.list(`/namespaces/${encodeURIComponent(tenant)}`)
  }

  /** Every persistent topic of a namespace: plain topics, and each partition of partitioned ones. */
  topics(tenant: string, namespace: string): Promise<string[]> {
    return this.list(`/persistent/${encodeURIComponent(tenant)}/${encodeURIComponent(namespace)}`)
  }

  /** Names of the subscriptions of a topic, partitioned or plain; 404 for a topic that does not exist. */
  subscriptions(topic: TopicName): Promise<string[]> {
    return this.list(`${topicPath(topic)}/subscriptions`)
  }

  // --- one topic -----------------------------------------------------------------------------------------------

  /** The number of partitions of a topic; 0 for a plain topic, and also for one that does not exist. */
  async partitionCount(topic: TopicName): Promise<number> {
    const metadata = await this.get(`${topicPath(topic)}/partitions`, {checkAllowAutoCreation: false})
    return (metadata as {partitions?: number}).partitions ?? 0
  }

  /** Statistics of a plain topic or of one partition. */
  async topicStats(topic: TopicName, query: StatsQuery = {}): Promise<TopicStats> {
    return (await this.get(`${topicPath(topic)}/stats`, {...query})) as TopicStats
  }

  async partitionedStats(topic: TopicName, query: StatsQuery = {}): Promise<PartitionedTopicStats> {
    return (await this.get(`${topicPath(topic)}/partitioned-stats`, {
      perPartition: true,
      ...query,
    })) as PartitionedTopicStats
  }

  /** Ledgers and cursors of a plain topic or of one partition. */
  async internalStats(topic: TopicName): Promise<InternalStats> {
    return (await this.get(`${topicPath(topic)}/internalStats`)) as InternalStats
  }

  /**
   * The n-th entry from one end of a plain topic or of one partition, counted from 1; null when there is none. Moves no
   * cursor. Not retried when the broker fails on an entry, because it fails each time.
   */
  examineMessage(topic: TopicName, from: 'earliest' | 'latest', position: number): Promise<RawAnswer | null> {
    const query = {initialPosition: from, messagePosition: position}
    return this.entry({method: 'GET', path: `${topicPath(topic)}/examinemessage`, query})
  }

  /** Creates a plain topic. When several callers do so at once, more than one may succeed (seen on 4.2.4). */
  async createTopic(topic: TopicName): Promise<void> {
    await this.http.send({method: 'PUT', path: topicPath(topic), body: {}}) // the body is the topic's properties
  }

  async topicProperties(topic: TopicName): Promise<Record<string, string>> {
    return ((await this.get(`${topicPath(topic)}/properties`)) ?? {}) as Record<string, string>
  }

  /** Sets these properties of a topic and keeps the others. */
  async setTopicProperties(topic: TopicName, properties: Readonly<Record<string, string>>): Promise<void> {
    await this.http.send({method: 'PUT', path: `${topicPath(topic)}/properties`, body: properties})
  }

  /**
   * Publishes text to a plain topic.
   *
   * @returns the id of each message as `ledger:entry`, null for one that the broker did not store.
   */
  async publish(topic: TopicName, texts: readonly string[]): Promise<Array<string | null>> {
    const {local, namespace, tenant} = topic
    const answer = (await this.http.send({
      method: 'POST',
      path: `//topics/persistent/${[tenant, namespace, local].map((part) => encodeURIComponent(part)).join('/')}`,
      body: {messages: texts.map((payload) => ({payload}))},
    })) as {messagePublishResults: Array<{messageId?: string; errorCode: number}>}
    return answer.messagePublishResults.map(({errorCode, messageId}) =>
      errorCode === 0 ? (/^\d+:\d+/.exec(messageId ?? '')?.[0] ?? null) : null,
    )
  }

  /** Lets a topic retain its messages regardless of the namespace's retention and TTL. */
  async retainForever(topic: TopicName): Promise<void> {
    await this.setPolicy(`${topicPath(topic)}/retention`, {retentionTimeInMinutes: -1, retentionSizeInMB: -1})
    await this.http.send({method: 'POST', path: `${topicPath(topic)}/messageTTL`, query: {messageTTL: 0}})
  }

  /** Deletes a plain topic with its subscriptions, even with connected clients. */
  async deleteTopic(topic: TopicName): Promise<void> {
    await this.http.send({method: 'DELETE', path: topicPath(topic), query: {force: true}})
  }

  /** Creates a partitioned topic. When several callers do so at once, one succeeds and the others get 409. */
  async createPartitionedTopic(
    topic: TopicName,
    partitions: number,
    properties: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    await this.http.send({
      method: 'PUT',
      path: `${topicPath(topic)}/partitions`,
      body: {partitions, properties},
      contentType: 'application/vnd.partitioned-topic-metadata+json',
    })
  }

  async deletePartitionedTopic(topic: TopicName): Promise<void> {
    await this.http.send({method: 'DELETE', path: `${topicPath(topic)}/partitions`, query: {force: true}})
  }

  // --- policies of a topic, always set on the partitioned topic's name -----------------------------------------------

  /** The subscription types that the topic's own policy allows; null when the topic sets none. */
  async subscriptionTypes(topic: TopicName): Promise<SubscriptionType[] | null> {
    const types = (await this.get(`${topicPath(topic)}/subscriptionTypesEnabled`)) as SubscriptionType[] | null
    return types && types.length > 0 ? types.toSorted() : null
  }

  async namespacePolicies({tenant, namespace}: TopicName): Promise<NamespacePolicies> {
    const path = `/namespaces/${encodeURIComponent(tenant)}/${encodeURIComponent(namespace)}`
    return (await this.get(path)) as NamespacePolicies
  }

  /**
   * A policy that is set on the topic itself; null where it is not set, and where the broker's version has no such
   * policy. The effective value is never requested from the broker (`applied=true`): for quotas it would write its
   * defaults into its copy of the namespace's policies, and store them with the next change of any of those (seen on
   * 4.2.4).
   */
  async topicPolicy<N extends keyof TopicPolicyValues>(
    topic: TopicName,
    name: N,
  ): Promise<TopicPolicyValues[N] | null> {
    try {
      return (await this.get(`${topicPath(topic)}/${name}`)) as TopicPolicyValues[N] | null
    } catch (error) {
      if (error instanceof AdminRefused && error.status === 404) return null
      throw error
    }
  }

  /** The subscription types that the namespace's policy allows; null when it sets none. */
  async namespaceSubscriptionTypes({tenant, namespace}: TopicName): Promise<SubscriptionType[] | null> {
    const path = `/namespaces/${encodeURIComponent(tenant)}/${encodeURIComponent(namespace)}/subscriptionTypesEnabled`
    const types = (await this.get(path)) as SubscriptionType[] | null
    return types && types.length > 0 ? types.toSorted() : null
  }

  /** Sets the topic's allowed types; null removes the policy. Checked by the broker only when a consumer subscribes. */
  async setSubscriptionTypes(topic: TopicName, types: readonly SubscriptionType[] | null): Promise<void> {
    await this.setPolicy(`${topicPath(topic)}/subscriptionTypesEnabled`, types)
  }

  /** Whether subscribing creates a missing subscription; null when the topic does not set it. */
  async autoSubscriptionCreation(topic: TopicName): Promise<AutoSubscriptionCreation | null> {
    return (await this.get(`${topicPath(topic)}/autoSubscriptionCreation`)) as AutoSubscriptionCreation | null
  }

  /** null removes the policy. */
  async setAutoSubscriptionCreation(topic: TopicName, value: AutoSubscriptionCreation | null): Promise<void> {
    await this.setPolicy(`${topicPath(topic)}/autoSubscriptionCreation`, value)
  }

  /** The dispatch rate of one subscription, from the topic's policies; null when none is set. */
  async subscriptionDispatchRate(topic: TopicName, subscription: string): Promise<DispatchRate | null> {
    return (await this.get(dispatchRatePath(topic, subscription))) as DispatchRate | null
  }

  /** Sets one subscription's dispatch rate; null removes it. */
  async setSubscriptionDispatchRate(topic: TopicName, subscription: string, rate: DispatchRate | null): Promise<void> {
    await this.setPolicy(dispatchRatePath(topic, subscription), rate)
  }

  // --- one subscription ------------------------------------------------------------------------------------------

  async createSubscription(topic: TopicName, subscription: string, at: 'earliest' | 'latest'): Promise<void> {
    await this.http.send({method: 'PUT', path: subscriptionPath(topic, subscription), body: at})
  }

  /**
   * Creates a subscription on a plain topic or one partition whose next entry to read is the one after `position`.
   *
   * @throws AdminRefused 409 when it exists.
   */
  async createSubscriptionAfter(topic: TopicName, subscription: string, made: NewSubscription): Promise<void> {
    const {isReplicated, position, properties} = made
    // The broker takes the position as the first one to read, and continues after a position without an entry.
    await this.http.send({
      method: 'PUT',
      path: subscriptionPath(topic, subscription),
      query: {replicated: isReplicated},
      body: {
        ledgerId: position.ledgerId,
        entryId: position.entryId + 1,
        partitionIndex: -1,
        batchIndex: -1,
        properties,
      },
    })
  }

  /** Deletes a subscription of a plain topic or one partition, and disconnects its consumers. */
  async deleteSubscription(topic: TopicName, subscription: string): Promise<void> {
    await this.http.send({method: 'DELETE', path: subscriptionPath(topic, subscription), query: {force: true}})
  }

  /**
   * Sets the mark-delete position of a subscription on a plain topic or one partition, so that the next entry is read
   * next. The broker disconnects the consumers of this subscription only.
   */
  async resetCursorAfter(topic: TopicName, subscription: string, position: Position): Promise<void> {
    // The field is `excluded`; `isExcluded`, as the Java class spells it, is silently ignored (seen on 4.0.7, 4.2.4).
    await this.http.send({
      method: 'POST',
      path: `${subscriptionPath(topic, subscription)}/resetcursor`,
      body: {...position, partitionIndex: -1, batchIndex: -1, excluded: true},
    })
  }

  /** The broker returns an entry's metadata in headers, and its payload, decompressed, in the body. */
  private async entry(request: AdminRequest): Promise<RawAnswer | null> {
    try {
      return await this.http.sendRaw({...request, isBulkRead: true, finalStatus: 500})
    } catch (error) {
      if (error instanceof AdminRefused && (error.status === 404 || error.status === 412)) return null
      throw error
    }
  }

  /** @throws Unreachable E_BROKER_ANSWER for an answer that is not JSON. */
  private async get(path: string, query: Record<string, boolean | number | string> = {}): Promise<unknown> {
    const answer = await this.http.send({method: 'GET', path, query})
    if (typeof answer === 'string') throw this.noBroker(path)
    return answer
  }

  private async list(path: string): Promise<string[]> {
    const answer = await this.get(path)
    if (!Array.isArray(answer)) throw this.noBroker(path)
    return answer as string[]
  }

  /** A proxy in front of a broker may answer in its place, even with 200: a login page, for example. */
  private noBroker(path: string): Unreachable {
    return new Unreachable(
      'E_BROKER_ANSWER',
      `${this.url} does not look like a Pulsar broker: unexpected answer to GET ${path}`,
      {
        data: {url: this.url, path},
        next: [
          shellCommand('curl', '-i', `${this.url}/admin/v2${path}`),
          'set the address of a broker or of a Pulsar proxy with --admin-url',
        ],
      },
    )
  }

  private async setPolicy(path: string, body: unknown): Promise<void> {
    await this.http.send(body === null ? {method: 'DELETE', path} : {method: 'POST', path, body})
  }
}

export interface NewSubscription {
  /** all entries up to it count as acknowledged */
  readonly position: Position
  readonly properties: Readonly<Record<string, string>>
  readonly isReplicated: boolean
}

export interface StatsQuery {
  readonly getPreciseBacklog?: boolean
  readonly subscriptionBacklogSize?: boolean
  readonly getEarliestTimeInBacklog?: boolean
  readonly excludePublishers?: boolean
}

function subscriptionPath(topic: TopicName, subscription: string): string {
  return `${topicPath(topic)}/subscription/${encodeURIComponent(subscription)}`
}

function dispatchRatePath(topic: TopicName, subscription: string): string {
  return `${topicPath(topic)}/${encodeURIComponent(subscription)}/dispatchRate`
}

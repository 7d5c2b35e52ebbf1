import assert from 'node:assert/strict'
import {randomBytes} from 'node:crypto'
import {readFile} from 'node:fs/promises'
import {join} from 'node:path'

import {PulsarAdmin} from '../../../src/clients/pulsar-admin/admin.js'
import {parseTopicName, type TopicName} from '../../../src/topic-name.js'
import {addresses as tested, until} from './live.js'
import {releaseStack, runStack} from './own-stack.js'
import {tokenCredentials} from './tokens.js'

interface Addresses {
  readonly adminUrl: string
  readonly adminTlsUrl: string
}

interface ClusterContext extends Addresses {
  /** the stack's name */
  readonly id: string
  readonly second: Addresses
  readonly webSocketUrl: string
  readonly tokenFile: string
  readonly loginsDir: string
}

interface Status {
  readonly stacks: ReadonlyArray<{
    id: string
    processes: ReadonlyArray<{name: string; pid: number}>
  }>
}

/** Two brokers of one cluster with token authentication, of the Pulsar version under test. */
export class TwoBrokers {
  /** the admin URLs; the first broker also runs the ZooKeeper and the bookie of the cluster */
  readonly urls: {readonly first: string; readonly second: string}
  /** the admin URLs with TLS */
  readonly tlsUrls: {readonly first: string; readonly second: string}
  /** contains the certificates of the brokers and of their authority */
  readonly loginsDir: string
  /** of the second broker: the first, a standalone, routes clients through itself even if the second serves the topic */
  readonly webSocketUrl: string
  /** the token of the superuser */
  readonly token: string
  /** a client of the first broker with the token */
  readonly admin: PulsarAdmin
  private readonly id: string

  private constructor(context: ClusterContext, token: string) {
    this.id = context.id
    this.urls = {first: context.adminUrl, second: context.second.adminUrl}
    this.tlsUrls = {first: context.adminTlsUrl, second: context.second.adminTlsUrl}
    this.loginsDir = context.loginsDir
    this.webSocketUrl = context.webSocketUrl
    this.token = token
    this.admin = new PulsarAdmin({url: context.adminUrl, credentials: tokenCredentials(token)})
  }

  static async up(): Promise<TwoBrokers> {
    const context = JSON.parse(await runStack('up', which()).finished) as ClusterContext
    return new TwoBrokers(context, await readFile(context.tokenFile, 'utf8'))
  }

  async down(): Promise<void> {
    await this.admin.close()
    await releaseStack(which())
  }

  /** The environment in which a command uses one of the brokers with the token. */
  asking(url: string): Record<string, string> {
    return {KEYSHIFT_ADMIN_URL: url, KEYSHIFT_TOKEN: this.token, KEYSHIFT_TLS_CA_FILE: join(this.loginsDir, 'ca.pem')}
  }

  /** Sends a request below /admin/v2 to one of the brokers with the token. Does not follow redirects. */
  async ask(url: string, path: string): Promise<Response> {
    return this.send('GET', `${url}/admin/v2${path}`)
  }

  /** Creates a namespace. @returns a function that gives the names of its topics. */
  async namespace(): Promise<(name: string) => TopicName> {
    const namespace = `public/t-${randomBytes(6).toString('hex')}`
    await this.order('PUT', `/namespaces/${namespace}`)
    return (name) => parseTopicName(`persistent://${namespace}/${name}`)
  }

  /** Assigns the bundles of these topics to the two brokers in turn. */
  async spread(topics: readonly TopicName[]): Promise<void> {
    const bundles = new Map<string, TopicName>()
    for (const topic of topics) bundles.set(await this.bundleOf(topic), topic)
    for (const [at, [bundle, topic]] of [...bundles].entries()) {
      const owner = at % 2 === 0 ? this.urls.first : this.urls.second
      const path = `/namespaces/${topic.tenant}/${topic.namespace}/${bundle}/unload`
      // A broker that has just started does not always get the bundle that is assigned to it.
      await until(`${bundle} going to ${owner}`, async () => {
        await this.order('PUT', `${path}?destinationBroker=${new URL(owner).host}`)
        await this.admin.topicStats(topic) // the first request for a topic loads its bundle at the assigned broker
        return this.isServedBy(owner, topic)
      })
    }
  }

  /** Whether a broker serves a plain topic or a partition, and does not redirect. */
  async isServedBy(url: string, topic: TopicName): Promise<boolean> {
    return (await this.ask(url, statsPath(topic))).status === 200
  }

  /** Kills the second broker, as a crash would. It cannot unregister from the cluster. */
  async killSecond(): Promise<void> {
    const {stacks} = JSON.parse(await runStack('status', []).finished) as Status
    const stack = stacks.find(({id}) => id === this.id)
    const broker = stack?.processes.find(({name}) => name === 'broker-2')
    assert.ok(broker, 'the second broker runs')
    process.kill(broker.pid, 'SIGKILL')
  }

  private async bundleOf({full}: TopicName): Promise<string> {
    const path = `/lookup/v2/topic/${full.replace('persistent://', 'persistent/')}/bundle`
    const answer = await this.send('GET', this.urls.first + path)
    assert.equal(answer.status, 200)
    return answer.text()
  }

  /** Sends a request and follows redirects between the brokers. */
  private async order(method: 'PUT', path: string): Promise<void> {
    let url: string | null = `${this.urls.first}/admin/v2${path}`
    let answer = await this.send(method, url)
    for (let hops = 0; answer.status === 307 && hops < 4; hops++) {
      url = answer.headers.get('location')
      assert.ok(url)
      answer = await this.send(method, url)
    }
    assert.equal(answer.status, 204, `${method} ${path} answered ${String(answer.status)} ${await answer.text()}`)
  }

  private async send(method: 'GET' | 'PUT', url: string): Promise<Response> {
    return fetch(url, {method, redirect: 'manual', headers: {authorization: `Bearer ${this.token}`}})
  }
}

/** The path of a topic's statistics below /admin/v2. */
export function statsPath({full}: TopicName): string {
  return `${full.replace('persistent://', '/persistent/')}/stats`
}

function which(): string[] {
  const {pulsar} = tested as {pulsar?: string}
  return ['--config', 'two-brokers', ...(pulsar === undefined ? [] : ['--pulsar', pulsar])]
}

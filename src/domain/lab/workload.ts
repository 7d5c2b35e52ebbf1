import {setTimeout as delay} from 'node:timers/promises'

import type {Redis} from 'ioredis'

import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import type {MessageTransport} from '../../clients/pulsar-messages/transport.js'
import {Pending} from '../../errors.js'
import type {TopicName} from '../../topic-name.js'
import {waitUntil} from '../../wait-until.js'
import {counted} from '../../wording.js'
import type {MigratableType} from '../migration/strategy.js'
import {Fleet} from './fleet.js'
import {evenKeys, Load, type LoadOptions} from './load.js'
import {WorkloadCounts, type WorkloadFigures} from './workload-counts.js'
import {lockingWorker, plainWorker, type Worker, type WorkTimes} from './worker.js'

export interface WorkloadServers {
  readonly admin: PulsarAdmin
  readonly transport: MessageTransport
  readonly redis: Redis
}

export interface WorkloadOptions {
  readonly topic: TopicName
  /** 0 creates a plain topic */
  readonly partitions: number
  readonly subscription: string
  readonly ratePerSecond: number
  /** number of keys, evenly used */
  readonly keys: number
  /** another distribution of keys */
  readonly keyOf?: LoadOptions['keyOf']
  /** consumers in each fleet */
  readonly consumers: number
  readonly lockPrefix: string
  readonly lockTtlMs: number
  readonly work: WorkTimes
  /** type of the old fleet; Shared consumers hold a Redis lock per key, the others do not */
  readonly from?: MigratableType
  /** type of the new fleet */
  readonly to?: MigratableType
  /** delay before a rejected consumer retries; default 100 */
  readonly retryMs?: number
}

const TIMEOUT_MS = 30_000
const RETRY_MS = 100

/**
 * A topic under load with an old fleet (by default Shared, with a Redis lock per key) and on request a new fleet (by default
 * Key_Shared) that retries until the broker accepts it. All messages are counted. close() deletes the topic.
 */
export class Workload {
  readonly counts = new WorkloadCounts()
  private readonly servers: WorkloadServers
  private readonly options: WorkloadOptions
  private readonly closers: Array<() => Promise<void>> = []
  private load: Load | null = null
  private oldFleet: Fleet | null = null

  private constructor(servers: WorkloadServers, options: WorkloadOptions) {
    this.servers = servers
    this.options = options
  }

  /** Creates topic and subscription, connects the old fleet and starts the load. */
  static async open(servers: WorkloadServers, options: WorkloadOptions): Promise<Workload> {
    const workload = new Workload(servers, options)
    try {
      await workload.begin()
      return workload
    } catch (error) {
      await workload.close()
      throw error
    }
  }

  get topic(): TopicName {
    return this.options.topic
  }

  /**
   * Starts the new fleet; while the broker rejects it, it retries.
   *
   * @param topic the topic to subscribe to; with the name of one partition, the fleet covers only that one.
   * @param subscription default: the subscription of the old fleet.
   * @param work default: as the old fleet, without locks.
   */
  startStandby(
    topic: TopicName = this.topic,
    subscription = this.options.subscription,
    work: Worker = plainWorker(this.options.work),
  ): Fleet {
    const prefix = topic === this.topic ? 'new' : 'half'
    return this.fleet({topic, subscription, fleet: 'new', type: this.options.to ?? 'Key_Shared', prefix}, () => work)
  }

  /** Stops the old fleet gracefully. */
  async stopOld(): Promise<void> {
    await this.oldFleet?.retire()
  }

  /** Starts the old fleet, for the first time or again. */
  startOld(): Fleet {
    const {lockPrefix, lockTtlMs, subscription, topic, work} = this.options
    const {redis} = this.servers
    const worker = plainWorker(work)
    const type = this.options.from ?? 'Shared'
    this.oldFleet = this.fleet({topic, subscription, fleet: 'old', type, prefix: 'old'}, (consumer) =>
      type === 'Shared' ? lockingWorker(worker, {redis, prefix: lockPrefix, ttlMs: lockTtlMs, consumer}) : worker,
    )
    return this.oldFleet
  }

  /** From now on this share of the messages, from 0 to 1, has one key. */
  heat(share: number): void {
    this.load?.heat(share)
  }

  /** Stops the load, waits until all sent messages are processed, and counts. Lost are those left when none arrives for 30 s. */
  async settle(): Promise<WorkloadFigures> {
    await this.load?.stop()
    let fewest = this.counts.open
    let deadline = Date.now() + TIMEOUT_MS
    while (fewest > 0 && Date.now() < deadline) {
      await delay(20)
      if (this.counts.open >= fewest) continue
      fewest = this.counts.open
      deadline = Date.now() + TIMEOUT_MS
    }
    return this.counts.figures(Math.max(1, this.options.partitions))
  }

  async close(): Promise<void> {
    for (const close of this.closers.splice(0).toReversed()) await close()
  }

  private async begin(): Promise<void> {
    const {admin, transport} = this.servers
    const {keyOf, keys, partitions, ratePerSecond, subscription, topic} = this.options
    if (partitions > 0) await admin.createPartitionedTopic(topic, partitions)
    else await admin.createTopic(topic)
    this.closers.push(() => (partitions > 0 ? admin.deletePartitionedTopic(topic) : admin.deleteTopic(topic)))
    await admin.createSubscription(topic, subscription, 'earliest')
    await untilConnected(this.startOld(), this.options.consumers)
    const load = await Load.start({
      transport,
      topic,
      ratePerSecond,
      keyOf: keyOf ?? evenKeys(keys),
      counts: this.counts,
    })
    this.load = load
    this.closers.push(() => load.stop())
  }

  private fleet({prefix, ...parts}: FleetParts, workerOf: (consumer: string) => Worker): Fleet {
    const names = Array.from({length: this.options.consumers}, (_, index) => `${prefix}-${String(index)}`)
    const {retryMs = RETRY_MS} = this.options
    const {transport} = this.servers
    const members = new Fleet({...parts, retryMs, transport, counts: this.counts, names, workerOf})
    this.closers.push(() => members.close())
    return members
  }
}

interface FleetParts {
  readonly topic: TopicName
  readonly subscription: string
  readonly fleet: 'new' | 'old'
  readonly type: MigratableType
  readonly prefix: string
}

/** @throws Pending E_CONSUMERS_NOT_CONNECTED after 30 s. */
export async function untilConnected(fleet: Fleet, count: number): Promise<void> {
  const areConnected = (): true | undefined => (fleet.connected >= count ? true : undefined)
  if (await waitUntil(areConnected, {everyMs: 10, timeoutMs: TIMEOUT_MS})) return
  const message = `${String(fleet.connected)} of ${counted(count, 'consumer')} connected within 30 s`
  throw new Pending('E_CONSUMERS_NOT_CONNECTED', message)
}

import type {PulsarAdmin} from '../../../clients/pulsar-admin/admin.js'
import type {BrokerTopic} from '../../../clients/pulsar-admin/broker-topics.js'
import {AdminRefused} from '../../../clients/pulsar-admin/admin-refused.js'
import {Unreachable} from '../../../errors.js'
import {type Broker, type BrokersOptions, collectBrokers} from './collect-brokers.js'
import {type Collected, type Collecting, interrupted} from './row-source.js'
import type {SubscriptionList} from './subscription-row.js'
import {PartitionGrouping} from './group-partitions.js'
import {isWanted} from './topic-pattern.js'
import type {GroupedRow} from './row-totals.js'
import {messageOf} from '../../../wording.js'

export type BrokerStatsOptions = BrokersOptions & Collecting

export interface BrokerStatsList extends Collected {
  readonly failed: SubscriptionList['failedBrokers']
}

/**
 * Why broker statistics cannot be used: the login lacks permission; no broker is reachable at its own address although the
 * load balancer answers; or they contain no match. They are empty during a broker's first minute, contain loaded topics only,
 * and lack a subscription that is newer than they are, so an empty result does not mean that no such subscription exists.
 */
export type NoBrokerStats = 'not-allowed' | 'brokers-unreachable' | 'not-in-broker-stats'

/**
 * Reads the statistics of every broker as a stream. No row is passed on before each broker has started to answer or has
 * failed.
 *
 * @throws the first broker's error when no broker answers.
 */
export async function collectBrokerStats(
  admin: PulsarAdmin,
  options: BrokerStatsOptions,
): Promise<BrokerStatsList | NoBrokerStats> {
  const opened = await openBrokerStats(admin, options)
  if (typeof opened === 'string') return opened
  const reading = new BrokerStatsReader(options, opened.streams.length)
  const outcomes = await unlessAborted(
    Promise.all(opened.streams.map(({broker, topics}) => reading.read(topics).then(noFailure, failureOf(broker)))),
    options.signal,
  )
  const failed = [...opened.failed, ...outcomes.flat()]
  if (reading.grouping.isEmpty && failed.length === 0) return 'not-in-broker-stats'
  for (const rows of reading.grouping.finishAll()) await options.onRows(rows)
  return {failed, isComplete: reading.grouping.isComplete}
}

interface OpenBrokerStats {
  readonly streams: Array<{broker: string; topics: AsyncIterable<BrokerTopic[]>}>
  readonly failed: SubscriptionList['failedBrokers']
}

async function openBrokerStats(admin: PulsarAdmin, options: BrokersOptions): Promise<NoBrokerStats | OpenBrokerStats> {
  try {
    const brokers = await collectBrokers(admin, options)
    const outcomes = await Promise.allSettled(
      brokers.map(async (one) => ({broker: one.broker, topics: await openOne(one)})),
    )
    const streams = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    const rejected = outcomes.filter((outcome) => outcome.status === 'rejected')
    if (brokers.length > 1 && streams.length === 0 && rejected.every(isOutOfReach)) return 'brokers-unreachable'
    const refused = rejected.find(({reason}) => isForbidden(reason)) ?? (streams.length === 0 ? rejected[0] : undefined)
    if (refused) throw refused.reason
    const failed = outcomes.flatMap((outcome, at) =>
      outcome.status === 'rejected' ? [{broker: brokers[at]?.broker ?? '', cause: causeOf(outcome.reason)}] : [],
    )
    return {streams, failed}
  } catch (error) {
    if (isForbidden(error)) return 'not-allowed'
    throw error
  }
}

async function openOne({admin, broker}: Broker): Promise<AsyncIterable<BrokerTopic[]>> {
  if (admin === null)
    throw new Unreachable(
      'E_BROKER_UNREACHABLE',
      `the address of broker ${broker} is unknown, because no redirect names it`,
    )
  return admin.brokerTopics()
}

/** Groups the statistics of several brokers into rows while they arrive. */
class BrokerStatsReader {
  readonly grouping: PartitionGrouping
  private readonly options: BrokerStatsOptions
  private answering: number

  constructor(options: BrokerStatsOptions, brokers: number) {
    const {nowMs, periodMs} = options
    this.grouping = new PartitionGrouping({nowMs, periodMs, ageMs: periodMs})
    this.options = options
    this.answering = brokers
  }

  async read(stats: AsyncIterable<BrokerTopic[]>): Promise<void> {
    const {onRows, signal} = this.options
    const passed = new Set<string>()
    let current = ''
    try {
      for await (const topics of stats) {
        if (signal?.aborted) throw interrupted(signal)
        const rows: GroupedRow[] = []
        for (const topic of topics) {
          if (topic.namespace !== current) passed.add(current)
          current = topic.namespace
          if (topic.domain === 'persistent' && isWanted(topic.name, this.options)) {
            rows.push(...this.grouping.add(topic.namespace, topic))
          }
        }
        rows.push(...this.finished(passed))
        await onRows(rows)
      }
    } finally {
      this.answering--
    }
  }

  /**
   * The partitions of one topic can be spread over all brokers. A row is complete when no more than one broker is still
   * answering and that broker has passed the topic's namespace.
   */
  private finished(passed: Set<string>): GroupedRow[] {
    if (this.answering > 1) return []
    const rows = [...passed].flatMap((namespace) => this.grouping.finish(namespace))
    passed.clear()
    return rows
  }
}

function noFailure(): SubscriptionList['failedBrokers'] {
  return []
}

function failureOf(broker: string): (reason: unknown) => SubscriptionList['failedBrokers'] {
  return (reason) => {
    if (!(reason instanceof Unreachable)) throw reason
    return [{broker, cause: causeOf(reason)}]
  }
}

function causeOf(reason: unknown): string {
  return messageOf(reason)
}

function isOutOfReach({reason}: PromiseRejectedResult): boolean {
  return reason instanceof Unreachable && ['E_BROKER_TLS', 'E_BROKER_UNREACHABLE'].includes(reason.code)
}

function isForbidden(error: unknown): boolean {
  return error instanceof AdminRefused && error.isNotAllowed
}

/** Rejects at once when aborted, even if a broker does not answer. The command closes the connection when it ends. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(interrupted(signal))
    })
  })
  return Promise.race([work, aborted])
}

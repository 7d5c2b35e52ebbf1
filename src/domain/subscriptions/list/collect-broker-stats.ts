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
 * Why there is nothing to be had from the brokers' copies: this login may not ask them; none of them is reached by its own
 * address, though one answers; nothing in them matches. A broker's copy is empty for its first minute, and a topic is in it
 * only once it is loaded, so that nothing there does not mean nothing.
 */
export type NoBrokerStats = 'not-allowed' | 'brokers-unreachable' | 'not-in-broker-stats'

/**
 * Reads every broker's copy as it comes. No row is taken before each broker has begun to answer or failed.
 *
 * @throws what the first broker answered, when none of them gives its copy.
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
  if (reading.fold.isEmpty && failed.length === 0) return 'not-in-broker-stats'
  for (const rows of reading.fold.finishAll()) await options.onRows(rows)
  return {failed, isComplete: reading.fold.isComplete}
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
  if (admin === null) throw new Unreachable('E_BROKER_UNREACHABLE', `nobody tells the address of the broker ${broker}`)
  return admin.brokerTopics()
}

/** Several brokers' copies on their way into rows. */
class BrokerStatsReader {
  readonly fold: PartitionGrouping
  private readonly options: BrokerStatsOptions
  private speaking: number

  constructor(options: BrokerStatsOptions, brokers: number) {
    const {nowMs, periodMs} = options
    this.fold = new PartitionGrouping({nowMs, periodMs, ageMs: periodMs})
    this.options = options
    this.speaking = brokers
  }

  async read(copy: AsyncIterable<BrokerTopic[]>): Promise<void> {
    const {onRows, signal} = this.options
    const passed = new Set<string>()
    let current = ''
    try {
      for await (const topics of copy) {
        if (signal?.aborted) throw interrupted(signal)
        const rows: GroupedRow[] = []
        for (const topic of topics) {
          if (topic.namespace !== current) passed.add(current)
          current = topic.namespace
          if (topic.domain === 'persistent' && isWanted(topic.name, this.options)) {
            rows.push(...this.fold.add(topic.namespace, topic))
          }
        }
        rows.push(...this.finished(passed))
        await onRows(rows)
      }
    } finally {
      this.speaking--
    }
  }

  /** The partitions of a topic lie on any broker: its rows are finished when the last that speaks has passed its namespace. */
  private finished(passed: Set<string>): GroupedRow[] {
    if (this.speaking > 1) return []
    const rows = [...passed].flatMap((namespace) => this.fold.finish(namespace))
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

/** Does not wait for a broker that is silent when nobody wants its answer any more; its connection is closed with the command. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(interrupted(signal))
    })
  })
  return Promise.race([work, aborted])
}

import type {PulsarAdmin} from '../../../clients/pulsar-admin/admin.js'
import type {BrokerTopic} from '../../../clients/pulsar-admin/broker-topics.js'
import {AdminRefused} from '../../../clients/pulsar-admin/admin-refused.js'
import {Unreachable} from '../../../errors.js'
import {type Broker, type BrokersOptions, collectBrokers} from './collect-brokers.js'
import {type Collected, type Collecting, interrupted} from './row-source.js'
import type {SubscriptionList} from './subscription-row.js'
import {ListFold} from './group-partitions.js'
import {isWanted} from './topic-pattern.js'
import type {FoldedRow} from './row-totals.js'
import {messageOf} from '../../../wording.js'

export type CollectingCopies = BrokersOptions & Collecting

export interface Copies extends Collected {
  readonly failed: SubscriptionList['failedBrokers']
}

/**
 * Why there is nothing to be had from the brokers' copies: this login may not ask them; none of them is reached by its own
 * address, though one answers; nothing in them matches. A broker's copy is empty for its first minute, and a topic is in it
 * only once it is loaded, so that nothing there does not mean nothing.
 */
export type NoCopies = 'not-allowed' | 'out-of-reach' | 'not-in-copies'

/**
 * Reads every broker's copy as it comes. No row is taken before each broker has begun to answer or failed.
 *
 * @throws what the first broker answered, when none of them gives its copy.
 */
export async function collectCopies(admin: PulsarAdmin, options: CollectingCopies): Promise<Copies | NoCopies> {
  const opened = await openCopies(admin, options)
  if (typeof opened === 'string') return opened
  const reading = new CopyReading(options, opened.copies.length)
  const outcomes = await unlessAborted(
    Promise.all(opened.copies.map(({broker, topics}) => reading.read(topics).then(noFailure, failureOf(broker)))),
    options.signal,
  )
  const failed = [...opened.failed, ...outcomes.flat()]
  if (reading.fold.isEmpty && failed.length === 0) return 'not-in-copies'
  for (const rows of reading.fold.finishAll()) await options.onRows(rows)
  return {failed, isWhole: reading.fold.isWhole}
}

interface OpenCopies {
  readonly copies: Array<{broker: string; topics: AsyncIterable<BrokerTopic[]>}>
  readonly failed: SubscriptionList['failedBrokers']
}

async function openCopies(admin: PulsarAdmin, options: BrokersOptions): Promise<NoCopies | OpenCopies> {
  try {
    const brokers = await collectBrokers(admin, options)
    const outcomes = await Promise.allSettled(
      brokers.map(async (one) => ({broker: one.broker, topics: await openCopy(one)})),
    )
    const copies = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    const rejected = outcomes.filter((outcome) => outcome.status === 'rejected')
    if (brokers.length > 1 && copies.length === 0 && rejected.every(isOutOfReach)) return 'out-of-reach'
    const refused = rejected.find(({reason}) => isForbidden(reason)) ?? (copies.length === 0 ? rejected[0] : undefined)
    if (refused) throw refused.reason
    const failed = outcomes.flatMap((outcome, at) =>
      outcome.status === 'rejected' ? [{broker: brokers[at]?.broker ?? '', cause: causeOf(outcome.reason)}] : [],
    )
    return {copies, failed}
  } catch (error) {
    if (isForbidden(error)) return 'not-allowed'
    throw error
  }
}

async function openCopy({admin, broker}: Broker): Promise<AsyncIterable<BrokerTopic[]>> {
  if (admin === null) throw new Unreachable('E_BROKER_UNREACHABLE', `nobody tells the address of the broker ${broker}`)
  return admin.brokerTopics()
}

/** Several brokers' copies on their way into rows. */
class CopyReading {
  readonly fold: ListFold
  private readonly options: CollectingCopies
  private speaking: number

  constructor(options: CollectingCopies, brokers: number) {
    const {nowMs, periodMs} = options
    this.fold = new ListFold({nowMs, periodMs, ageMs: periodMs})
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
        const rows: FoldedRow[] = []
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
  private finished(passed: Set<string>): FoldedRow[] {
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

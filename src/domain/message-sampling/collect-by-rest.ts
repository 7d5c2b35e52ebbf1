import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import type {RawAnswer} from '../../clients/pulsar-admin/http.js'
import {AdminRefused} from '../../clients/pulsar-admin/admin-refused.js'
import type {TopicName} from '../../topic-name.js'
import type {CollectedSubscription} from '../topic-stats/collect-topic-stats.js'
import {type LedgerIndex, ledgerIndex} from './choose-entries.js'
import type {EntryRange} from '../topic-stats/unacked-entries.js'
import {type EntryPosition, readRestEntry} from './sampled-entry.js'
import type {SampleReader} from './entry-source.js'

/** Concurrent requests. More do not make the broker faster. */
const CONCURRENCY = 16
/** The oldest ledgers may be deleted while the topic is read, which changes the number of every entry. */
const RECOUNTS = 3

/**
 * Reads each entry with one request: slower than a reader, but it shows batches, producers and ordering keys.
 *
 * Entries are requested by their number on the topic, not by ledger and entry. For an entry that the broker cannot read,
 * such as a single chunk of a compressed chunked message, `…/ledger/L/entry/E` never answers and the broker keeps the
 * connection open; after 2,000 of them its web server accepts no more. `examinemessage` answers 500 instead
 * (PersistentTopicsBase of 3.0.7, 4.0.7 and 4.2.4; seen on 4.2.4).
 */
export function restReader(admin: PulsarAdmin, collected: CollectedSubscription): SampleReader {
  return async (ranges, sink) => {
    const partitions = new PartitionEntries(admin, collected)
    const positions = eachPosition(ranges)
    const work = async (): Promise<void> => {
      for (const position of positions) {
        if (sink.isOver()) return
        const answer = await partitions.read(position)
        const entry = answer && answer !== 'unreadable' ? readRestEntry(position, answer) : null
        if (answer === 'unreadable') sink.unreadable()
        else if (entry) sink.entry(entry)
        else sink.skip(1)
      }
    }
    await Promise.all(Array.from({length: CONCURRENCY}, work))
  }
}

/** Reads entries by their number, which changes when the topic's oldest ledgers are deleted. */
class PartitionEntries {
  private readonly admin: PulsarAdmin
  private readonly collected: CollectedSubscription
  private readonly indexes = new Map<number, Promise<LedgerIndex>>()

  constructor(admin: PulsarAdmin, collected: CollectedSubscription) {
    this.admin = admin
    this.collected = collected
  }

  /** null for an entry that no longer exists. */
  async read(position: EntryPosition): Promise<RawAnswer | 'unreadable' | null> {
    const topic = this.topicOf(position.partition)
    if (!topic) return null
    const wanted = `${String(position.ledgerId)}:${String(position.entryId)}`
    for (let attempt = 0; attempt <= RECOUNTS; attempt++) {
      const index = this.index(position.partition)
      const number = (await index).numberOf(position)
      if (number === null) return null
      const answer = await this.admin.examineMessage(topic, 'earliest', number).catch(asUnreadable)
      if (answer === 'unreadable' || answer?.headers['x-pulsar-message-id'] === wanted) return answer
      if (this.indexes.get(position.partition) === index) this.indexes.delete(position.partition)
    }
    return null
  }

  private index(partition: number): Promise<LedgerIndex> {
    const known = this.indexes.get(partition)
    if (known) return known
    const fresh = this.count(partition)
    this.indexes.set(partition, fresh)
    return fresh
  }

  private async count(partition: number): Promise<LedgerIndex> {
    const topic = this.topicOf(partition)
    return ledgerIndex(topic ? await this.admin.internalStats(topic) : {})
  }

  /** Searches by partition number, because partitions may be missing. */
  private topicOf(wanted: number): TopicName | null {
    return this.collected.partitions.find(({partition}) => (partition ?? 0) === wanted)?.name ?? null
  }
}

function asUnreadable(error: unknown): 'unreadable' {
  if (error instanceof AdminRefused && error.status === 500) return 'unreadable'
  throw error
}

function* eachPosition(ranges: readonly EntryRange[]): Generator<EntryPosition> {
  for (const {first, last, ledgerId, partition} of ranges) {
    for (let entryId = first; entryId <= last; entryId++) yield {partition, ledgerId, entryId}
  }
}

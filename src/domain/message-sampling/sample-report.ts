import type {CollectedSubscription} from '../topic-stats/collect-topic-stats.js'
import type {KeyDirectory} from '../keys/owners/key-directory.js'
import type {SamplePart} from './choose-entries.js'
import type {CollectedSample} from './collect-message-sample.js'
import type {SampleSource} from './entry-source.js'
import type {SampleCounts} from './sample-counts.js'

export interface TopKey {
  /** text, or `base64:…` for bytes */
  key: string
  isOrderingKey: boolean
  messages: number
  /** share of the sampled messages, from 0 to 1 */
  share: number
  /** null on a plain topic */
  partition: number | null
  isOnSeveralPartitions: boolean
  /** null when the subscription is not Key_Shared or the selector is unknown */
  slot: number | null
  consumer: string | null
}

export interface SampledProducer {
  /** null when the source does not show it */
  name: string | null
  /** null when the producer is no longer connected */
  clientVersion: string | null
  messages: number
  entries: number
  keylessMessages: number
  /** null when the source does not show ordering keys */
  orderingKeyMessages: number | null
  mixedBatches: number
  /** null when the source does not show chunks */
  chunkEntries: number | null
}

export interface KeySample {
  topic: string
  subscription: string
  source: SampleSource
  where: SamplePart
  /** whether every chosen entry was read; false when the time limit was reached, or entries were deleted or unreadable */
  complete: boolean
  /** why the sample ended */
  stoppedBy: 'end' | 'max' | 'time-limit'
  /** unacknowledged entries after the mark-delete position */
  backlogEntries: number
  entries: number
  messages: number
  /** entries that were deleted in the meantime, and markers of the broker */
  skippedEntries: number
  /** entries that the broker cannot return by REST: chunks of compressed chunked messages, or damaged entries */
  unreadableEntries: number
  distinctKeys: {count: number; isExact: boolean}
  keylessMessages: number
  /** null when the source does not show it; the same applies to the next two */
  orderingKeyMessages: number | null
  delayedEntries: number | null
  chunkEntries: number | null
  chunkedMessages: number
  /** encrypted batches; their keys are not in this sample */
  encryptedEntries: number | null
  /**
   * entries whose key the admin API may have corrupted, because HTTP headers carry only Latin-1. A key that has such characters
   * only at its start or end is not included: it appears as a shorter key
   */
  uncertainKeys: number
  /** null on a topic without several partitions */
  keysOnSeveralPartitions: number | null
  batches: number
  mixedBatches: {
    count: number
    first: Array<Omit<SampleCounts['mixed'][number], 'partition'> & {partition: number | null}>
  }
  compression: Array<{type: string; entries: number}> | null
  topKeys: TopKey[]
  /** maximum undercount of each key in `topKeys` */
  topKeysUndercount: number
  producers: SampledProducer[]
}

export interface SampleFacts {
  readonly collected: CollectedSubscription
  readonly where: SamplePart
  /** null when slots are unknown */
  readonly directory: KeyDirectory | null
  /** number of most frequent keys to list */
  readonly top: number
}

/** Converts a finished sample into its report. */
export function sampleReport(sample: CollectedSample, facts: SampleFacts): KeySample {
  const {counts, source} = sample
  const {collected} = facts
  const isPartitioned = collected.partitionCount !== null
  const ifRest = <T>(value: T): T | null => (source === 'rest' ? value : null)
  const partitionOf = (partition: number): number | null => (isPartitioned ? partition : null)
  return {
    topic: collected.topic.full,
    subscription: collected.subscription,
    source,
    where: facts.where,
    complete: !sample.isTimeOver && sample.skippedEntries + sample.unreadableEntries === 0,
    stoppedBy: sample.isTimeOver ? 'time-limit' : sample.chosenEntries < sample.backlogEntries ? 'max' : 'end',
    backlogEntries: sample.backlogEntries,
    entries: counts.entries,
    messages: counts.messages,
    skippedEntries: sample.skippedEntries,
    unreadableEntries: sample.unreadableEntries,
    distinctKeys: {count: counts.keys.distinct, isExact: counts.keys.isExact},
    keylessMessages: counts.keylessMessages,
    orderingKeyMessages: ifRest(counts.orderingKeyMessages),
    delayedEntries: ifRest(counts.delayedEntries),
    chunkEntries: ifRest(counts.chunkEntries),
    chunkedMessages: counts.chunkedMessages,
    encryptedEntries: ifRest(counts.encryptedEntries),
    uncertainKeys: counts.uncertainKeys,
    keysOnSeveralPartitions: (collected.partitionCount ?? 1) > 1 ? keysOnSeveralPartitions(counts) : null,
    batches: counts.batches,
    mixedBatches: {
      count: counts.mixedBatches,
      first: counts.mixed
        .map((batch) => ({...batch, partition: partitionOf(batch.partition)}))
        .toSorted((a, b) => (a.partition ?? 0) - (b.partition ?? 0) || byPosition(a.position, b.position)),
    },
    compression: ifRest(
      [...counts.compression].map(([type, entries]) => ({type, entries})).toSorted((a, b) => b.entries - a.entries),
    ),
    topKeys: topKeys(counts, facts),
    topKeysUndercount: counts.keys.missed,
    producers: producers(counts, source, clientVersions(collected)),
  }
}

function topKeys(counts: SampleCounts, {collected, directory, top}: SampleFacts): TopKey[] {
  return counts.keys.top(top).map(({count, value}) => {
    const location = directory?.locateAt(value.partition, value.hash) ?? null
    return {
      key: value.text,
      isOrderingKey: value.isOrderingKey,
      messages: count,
      share: count / counts.messages,
      partition: collected.partitionCount === null ? null : value.partition,
      isOnSeveralPartitions: value.isOnSeveralPartitions,
      slot: location?.slot ?? null,
      consumer: location?.consumer?.name ?? null,
    }
  })
}

/** Client versions of the connected producers, by producer name. */
function clientVersions({partitions}: CollectedSubscription): Map<string, string> {
  const publishers = partitions.flatMap(({stats}) => stats.publishers ?? [])
  return new Map(
    publishers.flatMap(({clientVersion, producerName}): Array<[string, string]> =>
      producerName !== undefined && clientVersion !== undefined ? [[producerName, clientVersion]] : [],
    ),
  )
}

function producers(
  counts: SampleCounts,
  source: SampleSource,
  versions: ReadonlyMap<string, string>,
): SampledProducer[] {
  return [...counts.producers]
    .map(([name, counts]) => ({
      ...counts,
      name: name === '' ? null : name,
      clientVersion: versions.get(name) ?? null,
      orderingKeyMessages: source === 'rest' ? counts.orderingKeyMessages : null,
      chunkEntries: source === 'rest' ? counts.chunkEntries : null,
    }))
    .toSorted((a, b) => b.messages - a.messages || ((a.name ?? '') < (b.name ?? '') ? -1 : 1))
}

function byPosition(one: string, other: string): number {
  const [a = [], b = []] = [one, other].map((text) => text.split(':').map(Number))
  return (a[0] ?? 0) - (b[0] ?? 0) || (a[1] ?? 0) - (b[1] ?? 0)
}

function keysOnSeveralPartitions({keys}: SampleCounts): number {
  return [...keys.values()].filter(({isOnSeveralPartitions}) => isOnSeveralPartitions).length
}

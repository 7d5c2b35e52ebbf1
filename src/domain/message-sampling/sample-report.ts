import type {CollectedSubscription} from '../topic-stats/collect-topic-stats.js'
import type {KeyDirectory} from '../keys/owners/key-directory.js'
import type {SamplePart} from './choose-entries.js'
import type {CollectedSample} from './collect-message-sample.js'
import type {SampleSource} from './entry-source.js'
import type {SampleCounts} from './sample-counts.js'

export interface TopKey {
  /** as text, or `base64:…` where it is not text */
  key: string
  isOrderingKey: boolean
  messages: number
  /** of the messages that were read, from 0 to 1 */
  share: number
  /** null on a plain topic */
  partition: number | null
  isOnSeveralPartitions: boolean
  /** null where the subscription is not Key_Shared, or the selector is not known */
  slot: number | null
  consumer: string | null
}

export interface SampledProducer {
  /** null where the source does not show it */
  name: string | null
  /** null when the producer is not connected any more */
  clientVersion: string | null
  messages: number
  entries: number
  keylessMessages: number
  /** null where the source does not show ordering keys */
  orderingKeyMessages: number | null
  mixedBatches: number
  /** null where the source does not show chunks */
  chunkEntries: number | null
}

export interface KeySample {
  topic: string
  subscription: string
  source: SampleSource
  where: SamplePart
  /** whether every entry that was chosen was read; false when the time ran out, or entries were gone or unreadable */
  complete: boolean
  /** why the sample ended */
  stoppedBy: 'end' | 'max' | 'seconds'
  /** entries behind the mark-delete position that are not acknowledged */
  backlogEntries: number
  entries: number
  messages: number
  /** entries that were gone, or are the broker's own markers */
  skippedEntries: number
  /** entries that the broker can't hand out by REST: pieces of compressed chunked messages, or damaged ones */
  unreadableEntries: number
  distinctKeys: {count: number; isExact: boolean}
  keylessMessages: number
  /** null where the source does not show it; so the next ones */
  orderingKeyMessages: number | null
  delayedEntries: number | null
  chunkEntries: number | null
  chunkedMessages: number
  /** batches that could not be opened; their keys are not in this sample */
  encryptedEntries: number | null
  /**
   * entries whose key the admin API has garbled, or may have: HTTP headers carry nothing beyond Latin-1. A key that only
   * begins or ends with such characters is not among them, it looks like a shorter one
   */
  uncertainKeys: number
  keysOnSeveralPartitions: number
  batches: number
  mixedBatches: {
    count: number
    first: Array<Omit<SampleCounts['mixed'][number], 'partition'> & {partition: number | null}>
  }
  compression: Array<{type: string; entries: number}> | null
  topKeys: TopKey[]
  /** how much too low the counts of `topKeys` can be */
  topKeysUndercount: number
  producers: SampledProducer[]
}

export interface SampleFacts {
  readonly collected: CollectedSubscription
  readonly where: SamplePart
  /** null where slots can't be told */
  readonly directory: KeyDirectory | null
  /** how many of the most frequent keys to name */
  readonly top: number
}

/** Puts a finished sample into its report. */
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
    stoppedBy: sample.isTimeOver ? 'seconds' : sample.chosenEntries < sample.backlogEntries ? 'max' : 'end',
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
    keysOnSeveralPartitions: [...counts.keys.values()].filter(({isOnSeveralPartitions}) => isOnSeveralPartitions)
      .length,
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

/** Producers that are connected now, by name. */
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

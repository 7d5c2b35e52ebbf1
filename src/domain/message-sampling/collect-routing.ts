import pLimit from 'p-limit'

import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import {AdminRefused} from '../../clients/pulsar-admin/admin-refused.js'
import {Blocked} from '../../errors.js'
import {counted} from '../../wording.js'
import {
  detectRouting,
  isCertain,
  possibleSchemes,
  type RoutedKey,
  type Routing,
} from '../keys/hashing/detect-routing.js'
import type {HashingScheme} from '../keys/hashing/partition-routing.js'
import type {CollectedTopic, TopicPartition} from '../topic-stats/collect-topic-stats.js'
import {readRestEntry} from './sampled-entry.js'

/**
 * Messages of this many partitions, by their number from the newest one on; the second sample is read only if the first one is
 * not conclusive. The numbers get sparse, so that a burst of one producer does not hide the others.
 */
const SAMPLES: ReadonlyArray<{readonly partitions: number; readonly numbers: readonly number[]}> = [
  {partitions: 8, numbers: [1, 2, 3, 5, 8, 13, 21, 34]},
  {partitions: 16, numbers: [1, 2, 3, 4, 5, 6, 7, 8, 10, 13, 16, 21, 27, 34, 43, 55, 89, 144]},
]
const CONCURRENCY = 16

/**
 * Detects how producers route keys to partitions, from some of the newest messages.
 *
 * @param chosen the scheme that the operator named; null to detect it.
 * @throws Blocked E_ROUTING when the messages show that another scheme is used.
 */
export async function collectRouting(
  admin: PulsarAdmin,
  collected: CollectedTopic,
  chosen: HashingScheme | null,
): Promise<Routing> {
  const {partitionCount} = collected
  let routing = detectRouting([], partitionCount, chosen)
  if (routing.source === null) return routing
  for (const sample of SAMPLES) {
    const keys = await sampleKeys(admin, collected, sample)
    routing = detectRouting(keys, partitionCount, chosen)
    if (chosen !== null) requireNoOther(detectRouting(keys, partitionCount), chosen, collected)
    // Few older messages may match several earlier numbers of partitions.
    if (isCertain(routing) && routing.earlierPartitions === null) return routing
  }
  return routing
}

function requireNoOther(detected: Routing, chosen: HashingScheme, {topic}: CollectedTopic): void {
  const {hashingScheme, messagesSeen, source} = detected
  if (source !== 'messages' || hashingScheme === null || possibleSchemes(detected).includes(chosen)) return
  throw new Blocked(
    'E_ROUTING',
    `the producers do not use ${chosen}: ${counted(messagesSeen, 'message')} on ${topic.full} match ${hashingScheme}`,
    {
      data: {topic: topic.full, hashingScheme: chosen, detected: hashingScheme},
      next: [`omit --hashing-scheme, or use --hashing-scheme ${hashingScheme}`],
    },
  )
}

async function sampleKeys(
  admin: PulsarAdmin,
  {partitions}: CollectedTopic,
  wanted: (typeof SAMPLES)[number],
): Promise<RoutedKey[]> {
  const limit = pLimit(CONCURRENCY)
  const reads = spread(partitions, wanted.partitions).flatMap((row) =>
    wanted.numbers.map((number) => limit(() => keysOf(admin, row, number))),
  )
  return (await Promise.all(reads)).flat()
}

/** Evenly spread, because partitions that were added later are the last ones. */
function spread(partitions: readonly TopicPartition[], most: number): TopicPartition[] {
  const count = Math.min(most, partitions.length)
  return Array.from({length: count}, (_, at) => partitions[Math.floor((at * partitions.length) / count)]).filter(
    (row) => row !== undefined,
  )
}

/** The keys of the `number`th newest entry, which are several in a batch. */
async function keysOf(admin: PulsarAdmin, {name, partition}: TopicPartition, number: number): Promise<RoutedKey[]> {
  const answer = await admin.examineMessage(name, 'latest', number).catch(asNoMessage)
  const at = {partition: partition ?? 0, ledgerId: 0, entryId: 0}
  const entry = answer && readRestEntry(at, answer)
  if (!entry || entry.hasUncertainKey) return []
  return entry.messages.flatMap(({key, orderingKey}) =>
    key === null ? [] : [{key, orderingKey, partition: entry.partition}],
  )
}

/** A message that cannot be read, also for lack of permission, is skipped. */
function asNoMessage(error: unknown): null {
  if (error instanceof AdminRefused) return null
  throw error
}

import type {PulsarAdmin} from '../../../clients/pulsar-admin/admin.js'
import {AdminRefused} from '../../../clients/pulsar-admin/admin-refused.js'
import type {CollectedTopic} from '../../topic-stats/collect-topic-stats.js'
import {HASHING_SCHEMES, type HashingScheme, partitionOfKey, type Routing} from '../hashing/partition-routing.js'

const PARTITIONS = 8
const MESSAGES_EACH = 3

/**
 * Detects how producers route keys to partitions. Pulsar does not store the scheme, so a few of the newest messages are
 * inspected: the scheme that matches the partition of each is used. If none or several match, the Java client's default is
 * assumed.
 */
export async function collectRouting(
  admin: PulsarAdmin,
  collected: CollectedTopic,
  chosen: HashingScheme | null,
): Promise<Routing & {isContradicted: boolean}> {
  const {partitionCount} = collected
  if (partitionCount === null) {
    return {hashingScheme: 'JavaStringHash', source: null, messagesSeen: 0, isContradicted: false}
  }
  const sampled = await sampleKeys(admin, collected)
  const fitting = HASHING_SCHEMES.filter((scheme) =>
    sampled.every(({key, partition}) => partitionOfKey(key, partitionCount, scheme) === partition),
  )
  const [only] = fitting
  const isContradicted = sampled.length > 0 && (chosen === null ? fitting.length === 0 : !fitting.includes(chosen))
  if (chosen !== null) return {hashingScheme: chosen, source: 'flag', messagesSeen: sampled.length, isContradicted}
  return fitting.length === 1 && only
    ? {hashingScheme: only, source: 'messages', messagesSeen: sampled.length, isContradicted}
    : {hashingScheme: 'JavaStringHash', source: 'assumed', messagesSeen: sampled.length, isContradicted}
}

/** A message that cannot be read, also for lack of permission, is skipped. */
function asNoMessage(error: unknown): null {
  if (error instanceof AdminRefused) return null
  throw error
}

async function sampleKeys(
  admin: PulsarAdmin,
  {partitions}: CollectedTopic,
): Promise<Array<{key: string; partition: number}>> {
  const sampled = partitions.slice(0, PARTITIONS).map(async ({name, partition}) => {
    const answers = await Promise.all(
      Array.from({length: MESSAGES_EACH}, (_, at) => admin.examineMessage(name, 'latest', at + 1).catch(asNoMessage)),
    )
    return answers.flatMap((answer) => {
      const header = answer?.headers['x-pulsar-partition-key']
      // A key that is empty or has a space may have contained characters that a header cannot carry.
      return header === undefined || header === '' || header.includes(' ')
        ? []
        : [{key: header, partition: partition ?? 0}]
    })
  })
  return (await Promise.all(sampled)).flat()
}

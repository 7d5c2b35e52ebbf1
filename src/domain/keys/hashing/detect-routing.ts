import {HASHING_SCHEMES, type HashingScheme, partitionOfKey} from './partition-routing.js'

/** How the partition of a key was determined. */
export interface Routing {
  /** null when the messages match no known scheme, or several */
  hashingScheme: HashingScheme | null
  /**
   * `messages`: enough messages on the topic match this scheme only; `assumed`: the default, or the only scheme that matches
   * the few messages. Null when the scheme is unknown, and on a topic with one partition, which needs none
   */
  source: 'assumed' | 'flag' | 'messages' | null
  /** number of messages inspected */
  messagesSeen: number
  /** the known schemes that match every inspected message */
  matchingSchemes: HashingScheme[]
  /** the number of partitions that older messages were routed by, before partitions were added; null when there is no sign of it */
  earlierPartitions: number | null
}

/** A message's key, and the partition that stores the message. */
export interface RoutedKey {
  readonly key: string
  readonly partition: number
}

/** With fewer possible outcomes, messages may match a scheme by chance. */
const ENOUGH_OUTCOMES = 500
/** The largest accepted probability that messages match a scheme with an earlier number of partitions by chance. */
const MOST_CHANCE = 0.01

/**
 * Detects the hashing scheme of the producers. Pulsar does not store it, so the messages decide: the scheme that matches the
 * partition of each is used.
 *
 * @param partitions null on a topic without partitions.
 * @param chosen the scheme that the operator named.
 */
export function detectRouting(
  sampled: readonly RoutedKey[],
  partitions: number | null,
  chosen: HashingScheme | null = null,
): Routing {
  const facts = {messagesSeen: sampled.length, earlierPartitions: null}
  if (partitions === null || partitions === 1) {
    return {...facts, hashingScheme: chosen ?? 'JavaStringHash', source: null, matchingSchemes: [...HASHING_SCHEMES]}
  }
  const matchingSchemes = HASHING_SCHEMES.filter((scheme) =>
    sampled.every(({key, partition}) => partitionOfKey(key, partitions, scheme) === partition),
  )
  const found = {...facts, matchingSchemes}
  const growth = matchingSchemes.length === 0 ? growthOf(sampled, partitions) : null
  if (chosen !== null) {
    const earlierPartitions = growth?.scheme === chosen ? growth.partitions : null
    return {...found, earlierPartitions, hashingScheme: chosen, source: 'flag'}
  }
  if (growth) {
    return {...found, earlierPartitions: growth.partitions, hashingScheme: growth.scheme, source: 'messages'}
  }
  const [only, ...others] = matchingSchemes
  if (sampled.length === 0) return {...found, hashingScheme: 'JavaStringHash', source: 'assumed'}
  if (only === undefined || others.length > 0) return {...found, hashingScheme: null, source: null}
  const isEnough = partitions ** distinctKeys(sampled).length >= ENOUGH_OUTCOMES
  return {...found, hashingScheme: only, source: isEnough ? 'messages' : 'assumed'}
}

/** Whether the scheme gives the partition of every key, also of keys without messages. */
export function isCertain({earlierPartitions, hashingScheme, matchingSchemes, source}: Routing): boolean {
  if (source === 'assumed' || hashingScheme === null) return false
  return source !== 'flag' || earlierPartitions !== null || matchingSchemes.includes(hashingScheme)
}

/** The partitions to which a producer may route a key; every partition may be one if the scheme is unknown. */
export function possiblePartitions(
  key: string,
  partitions: number | null,
  {hashingScheme, matchingSchemes}: Routing,
): number[] {
  if (partitions === null) return [0]
  const schemes = hashingScheme === null ? matchingSchemes : [hashingScheme]
  if (schemes.length === 0) return Array.from({length: partitions}, (_, partition) => partition)
  return [...new Set(schemes.map((scheme) => partitionOfKey(key, partitions, scheme)))].toSorted((a, b) => a - b)
}

/**
 * The scheme and the earlier number of partitions that explain the messages on a topic to which partitions were added: each
 * message is on the partition of the present or of the earlier number. Null if several schemes do, or if it may be chance.
 */
function growthOf(
  sampled: readonly RoutedKey[],
  partitions: number,
): {scheme: HashingScheme; partitions: number} | null {
  const found = HASHING_SCHEMES.flatMap((scheme) => {
    // Counts down, because the last growth is the likely one.
    for (let earlier = partitions - 1; earlier > 0; earlier--) {
      const isExplained = sampled.every(
        ({key, partition}) =>
          partitionOfKey(key, partitions, scheme) === partition || partitionOfKey(key, earlier, scheme) === partition,
      )
      if (isExplained && chanceOf(sampled, partitions, earlier) <= MOST_CHANCE) return [{scheme, partitions: earlier}]
    }
    return []
  })
  const [only, ...others] = found
  return only && others.length === 0 ? only : null
}

/** The probability that keys with another routing match one of all schemes and earlier numbers. */
function chanceOf(sampled: readonly RoutedKey[], partitions: number, earlier: number): number {
  const chances = distinctKeys(sampled).map(({partition}) => Math.min(1, (partition < earlier ? 2 : 1) / partitions))
  return chances.reduce((product, chance) => product * chance, HASHING_SCHEMES.length * (partitions - 1))
}

function distinctKeys(sampled: readonly RoutedKey[]): RoutedKey[] {
  return [...new Map(sampled.map((one) => [`${String(one.partition)}/${one.key}`, one])).values()]
}

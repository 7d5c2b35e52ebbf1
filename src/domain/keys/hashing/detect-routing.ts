import {
  HASHING_SCHEMES,
  type HashingScheme,
  partitionOfBytes,
  partitionOfKey,
  routesEmptyKey,
} from './partition-routing.js'

/** How the partition of a key was determined. */
export interface Routing {
  /**
   * null when the messages match no known scheme, or several. `JavaStringHash` also stands for `JavaStringHash_Go` if
   * `matchingSchemes` has both: then they give most keys the same partition, or no message is newer than the last partition
   */
  hashingScheme: HashingScheme | null
  /**
   * `messages`: enough messages on the topic match this scheme only; `assumed`: the default, or the only scheme that matches
   * the few messages. Null when the scheme is unknown, and on a topic with one partition, which needs none
   */
  source: 'assumed' | 'flag' | 'messages' | null
  /** number of messages inspected */
  messagesSeen: number
  /** the known schemes that match every inspected message, with the present or the earlier number of partitions */
  matchingSchemes: HashingScheme[]
  /** the number of partitions that older messages were routed by, before partitions were added; null when there is no sign of it */
  earlierPartitions: number | null
  /** whether the messages have ordering keys and may be of Go producers, which then route by these: any partition is possible */
  byOrderingKey: boolean
}

/** A message's key, and the partition that stores the message. */
export interface RoutedKey {
  readonly key: string
  readonly orderingKey?: Uint8Array | null
  readonly partition: number
}

const GO: HashingScheme = 'JavaStringHash_Go'
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
  const facts = {messagesSeen: sampled.length, earlierPartitions: null, byOrderingKey: false}
  if (partitions === null || partitions === 1) {
    return {...facts, hashingScheme: chosen ?? 'JavaStringHash', source: null, matchingSchemes: [...HASHING_SCHEMES]}
  }
  const present = HASHING_SCHEMES.filter((scheme) => sampled.every((one) => isRouted(one, partitions, scheme)))
  const growths = present.length === 0 ? growthsOf(sampled, partitions) : []
  const matchingSchemes = [...present, ...growths.map(({scheme}) => scheme)]
  const byOrderingKey =
    (matchingSchemes.includes(GO) || chosen === GO) &&
    sampled.some(({key, orderingKey}) => orderingKey && orderingKey.length > 0 && !Buffer.from(key).equals(orderingKey))
  const found = {...facts, matchingSchemes, byOrderingKey}
  if (chosen !== null) {
    const earlierPartitions = growths.find(({scheme}) => scheme === chosen)?.partitions ?? null
    return {...found, earlierPartitions, hashingScheme: chosen, source: 'flag'}
  }
  if (sampled.length === 0) return {...found, hashingScheme: 'JavaStringHash', source: 'assumed'}
  const hashingScheme = oneOf(matchingSchemes, partitions, growths)
  if (hashingScheme === null) return {...found, hashingScheme, source: null}
  const growth = growths.find(({scheme}) => scheme === hashingScheme)
  if (growth) return {...found, earlierPartitions: growth.partitions, hashingScheme, source: 'messages'}
  const isEnough = partitions ** distinctKeys(sampled).length >= ENOUGH_OUTCOMES
  return {...found, hashingScheme, source: isEnough ? 'messages' : 'assumed'}
}

/** Whether a producer with a scheme sends the message to its partition. The empty key has no partition with most schemes. */
function isRouted({key, orderingKey, partition}: RoutedKey, partitions: number, scheme: HashingScheme): boolean {
  if (scheme === GO && orderingKey && orderingKey.length > 0) {
    return partitionOfBytes(orderingKey, 0, orderingKey.length, partitions, scheme) === partition
  }
  return (key === '' && !routesEmptyKey(scheme)) || partitionOfKey(key, partitions, scheme) === partition
}

/**
 * The only scheme; null if there are several. Java stands for Java and Go where messages can hardly distinguish them: with a power
 * of two as the number of partitions, where they agree on ASCII keys, and if the same earlier number explains all messages.
 */
function oneOf(
  schemes: readonly HashingScheme[],
  partitions: number,
  growths: readonly Growth[],
): HashingScheme | null {
  const [first, ...others] = schemes
  if (first === undefined || others.length === 0) return first ?? null
  const isAlike =
    growths.length > 0 ? growths[0]?.partitions === growths[1]?.partitions : Number.isInteger(Math.log2(partitions))
  return isAlike && first === 'JavaStringHash' && others.join() === GO ? first : null
}

/** The schemes that producers may use: the detected or chosen one, and that of Go if the messages do not distinguish it. */
export function possibleSchemes({hashingScheme, matchingSchemes, messagesSeen, source}: Routing): HashingScheme[] {
  if (hashingScheme === null) return [...matchingSchemes]
  const isGo =
    source !== 'flag' && messagesSeen > 0 && hashingScheme === 'JavaStringHash' && matchingSchemes.includes(GO)
  return isGo ? [hashingScheme, GO] : [hashingScheme]
}

/** Whether the scheme gives the partition of every key, also of keys without messages. */
export function isCertain(routing: Routing): boolean {
  const {byOrderingKey, earlierPartitions, hashingScheme, matchingSchemes, source} = routing
  if (source === 'assumed' || hashingScheme === null || byOrderingKey) return false
  return source !== 'flag' || earlierPartitions !== null || matchingSchemes.includes(hashingScheme)
}

/** The partitions to which a producer may route a key; every partition may be one if the scheme is unknown. */
export function possiblePartitions(key: string, partitions: number | null, routing: Routing): number[] {
  if (partitions === null) return [0]
  const schemes = possibleSchemes(routing)
  if (routing.byOrderingKey || schemes.length === 0 || (key === '' && !schemes.every(routesEmptyKey))) {
    return Array.from({length: partitions}, (_, partition) => partition)
  }
  return [...new Set(schemes.map((scheme) => partitionOfKey(key, partitions, scheme)))].toSorted((a, b) => a - b)
}

interface Growth {
  readonly scheme: HashingScheme
  /** before partitions were added */
  readonly partitions: number
}

/**
 * The schemes that explain the messages on a topic to which partitions were added, each with the earlier number: each message is
 * on the partition of the present or of the earlier number. Those that may match by chance are left out.
 */
function growthsOf(sampled: readonly RoutedKey[], partitions: number): Growth[] {
  return HASHING_SCHEMES.flatMap((scheme) => {
    // Counts down, because the last growth is the likely one.
    for (let earlier = partitions - 1; earlier > 0; earlier--) {
      const isExplained = sampled.every((one) => isRouted(one, partitions, scheme) || isRouted(one, earlier, scheme))
      if (isExplained && chanceOf(sampled, partitions, earlier) <= MOST_CHANCE) return [{scheme, partitions: earlier}]
    }
    return []
  })
}

/** The probability that keys with another routing match one of all schemes and earlier numbers. */
function chanceOf(sampled: readonly RoutedKey[], partitions: number, earlier: number): number {
  const chances = distinctKeys(sampled).map(({partition}) => Math.min(1, (partition < earlier ? 2 : 1) / partitions))
  return chances.reduce((product, chance) => product * chance, HASHING_SCHEMES.length * (partitions - 1))
}

function distinctKeys(sampled: readonly RoutedKey[]): RoutedKey[] {
  return [...new Map(sampled.map((one) => [`${String(one.partition)}/${one.key}`, one])).values()]
}

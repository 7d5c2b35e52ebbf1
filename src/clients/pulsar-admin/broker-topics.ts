import {JSONParser, TokenType} from '@streamparser/json'

import {Unreachable} from '../../errors.js'
import type {TopicStats} from './types.js'
import {ValueCutter} from './json-slicer.js'

/** One topic that a broker has loaded, from its statistics of all topics. */
export interface BrokerTopic {
  /** `tenant/namespace` */
  readonly namespace: string
  /** `persistent` or `non-persistent` */
  readonly domain: string
  /** with its domain, and with `-partition-N` on a partition */
  readonly name: string
  readonly stats: TopicStats
}

/** namespace → bundle → domain → topic → statistics */
const TOPICS = '$.*.*.*.*'
const LEVELS_AROUND_STATS = 4
/** Value that the outer parser finds in place of a topic's statistics. */
const IN_PLACE = 'null'

/**
 * Reads the answer of GET /broker-stats/topics while it arrives. Regardless of its length, one topic is in memory at a
 * time. The broker writes each namespace once, with all topics that it has of it.
 *
 * A streaming parser takes three to four times as long as JSON.parse, and creates as much more garbage. So it gets only
 * the text around the topics, one percent of the answer, and JSON.parse gets the statistics of each topic.
 *
 * @returns the topics that each chunk completed.
 * @throws Unreachable E_BROKER_ANSWER when the answer is incomplete or not of this form; the topics before are correct.
 */
export async function* readBrokerTopics(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<BrokerTopic[]> {
  let found: BrokerTopic[] = []
  let bytes = 0
  let stats: unknown = null
  const outer = new JSONParser({paths: [TOPICS], keepStack: false})
  outer.onValue = ({key, stack}) => {
    found.push(topicOf([...stack.slice(1).map((level) => level.key), key], stats))
    stats = null
  }
  let isBegun = false
  outer.onToken = ({token}) => {
    // Another answer, such as an error or nothing, may be JSON as well.
    if (!isBegun && token !== TokenType.LEFT_BRACE) throw new Error('no topics of namespaces')
    isBegun = true
  }
  const cutter = new ValueCutter(LEVELS_AROUND_STATS, {
    onOuter(piece) {
      outer.write(piece)
    },
    onValue(text) {
      stats = JSON.parse(text)
      outer.write(IN_PLACE)
    },
  })
  for await (const chunk of chunks) {
    bytes += chunk.length
    attempt(bytes, () => {
      cutter.write(chunk)
    })
    if (found.length > 0) yield found
    found = []
  }
  attempt(bytes, () => {
    if (!outer.isEnded) outer.end()
    if (!isBegun) throw new Error('empty answer')
  })
}

/** @param keys of its namespace, its bundle, its domain and of the topic itself */
function topicOf(
  [namespace, bundle, domain, name]: ReadonlyArray<number | string | undefined>,
  stats: unknown,
): BrokerTopic {
  const isKeyed = [namespace, bundle, domain, name].every((key) => typeof key === 'string')
  if (!isKeyed || typeof stats !== 'object' || stats === null || Array.isArray(stats)) {
    throw new Error(`no statistics of ${String(name)}`)
  }
  return {namespace: String(namespace), domain: String(domain), name: String(name), stats}
}

function attempt(bytes: number, parse: () => void): void {
  try {
    parse()
  } catch (error) {
    const {message} = error as Error
    throw new Unreachable(
      'E_BROKER_ANSWER',
      `the topic statistics of the broker are cut off or not JSON after ${String(bytes)} bytes: ${message}`,
      {data: {bytes}, cause: error},
    )
  }
}

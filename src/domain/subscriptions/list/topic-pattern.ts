import picomatch from 'picomatch'

import {Usage} from '../../../errors.js'
import {inNamespace, parseTopicName, splitPartition} from '../../../topic-name.js'

/** The topics that a PATTERN selects: where to search, and which full names to keep. */
export interface TopicPattern {
  /** null: every tenant */
  readonly tenant: string | null
  /** null: every namespace */
  readonly namespace: string | null
  readonly matches: (fullName: string) => boolean
}

const GLOB = /[*?[\]{}!()]/
const NAMESPACE = /^[^/:]+\/[^/:]+$/

/** Whether a text selects several topics: a glob, or `tenant/namespace`. */
export function isPattern(text: string): boolean {
  return GLOB.test(text) || NAMESPACE.test(text)
}

/** Whether a text, where one topic is required, cannot be the name of one. Brackets and `!` may be part of a name. */
export function isOnlyPattern(text: string): boolean {
  return text.includes('*') || NAMESPACE.test(text)
}

/**
 * Parses PATTERN: nothing (every topic), `tenant`, `tenant/namespace`, or a glob over full names, in which `*` matches
 * within one part of the name and `**` matches across parts. A topic's full name matches that topic, also if it
 * contains the characters of a glob.
 *
 * @throws Usage E_PATTERN for another domain than persistent.
 */
export function parsePattern(text: string | undefined): TopicPattern {
  if (text === undefined) return {tenant: null, namespace: null, matches: () => true}
  const [, domain, rest = text] = /^([a-z-]+):\/\/(.*)$/.exec(text) ?? []
  if (domain !== undefined && domain !== 'persistent') {
    throw new Usage('E_PATTERN', `${text}: only persistent:// topics can be listed`, {data: {pattern: text}})
  }
  const parts = rest.split('/')
  const [tenant = '', namespace] = parts
  const scope = {
    tenant: GLOB.test(tenant) ? null : tenant,
    namespace: namespace === undefined || GLOB.test(tenant + namespace) ? null : namespace,
  }
  const glob = parts.length > 2 ? rest : `${rest}/**`
  const isMatch = picomatch(glob, {dot: true})
  return {
    ...scope,
    matches(fullName) {
      const name = fullName.replace('persistent://', '')
      return name === rest || isMatch(name)
    },
  }
}

/**
 * Whether a topic is among those that a text selects, which names one topic or is a pattern.
 *
 * @param namespace of a topic's plain name; null is public/default
 * @throws Usage E_PATTERN, E_TOPIC_NAME
 */
export function topicMatcher(text: string, namespace: string | null): (fullName: string) => boolean {
  if (isPattern(text)) return parsePattern(text).matches
  const {full} = parseTopicName(inNamespace(text, namespace))
  return (fullName) => fullName === full
}

/** Which topics to include. */
export interface TopicScope {
  readonly pattern: TopicPattern
  /** Whether to include system topics. */
  readonly hasSystemTopics: boolean
}

/** @param name a topic's, or a partition's */
export function isWanted(name: string, {hasSystemTopics, pattern}: TopicScope): boolean {
  return (hasSystemTopics || !isSystemTopic(name)) && pattern.matches(splitPartition(name).base)
}

/** Topics of the broker, such as `__change_events` and `__transaction_…`. */
function isSystemTopic(name: string): boolean {
  return name.slice(name.lastIndexOf('/') + 1).startsWith('__') || name.startsWith('persistent://pulsar/system/')
}

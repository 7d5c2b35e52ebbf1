import picomatch from 'picomatch'

import {Usage} from '../../../errors.js'
import {splitPartition} from '../../../topic-name.js'

/** Which topics a PATTERN means: where to look, and which full names to keep. */
export interface TopicPattern {
  /** null: every tenant */
  readonly tenant: string | null
  /** null: every namespace */
  readonly namespace: string | null
  readonly matches: (fullName: string) => boolean
}

const GLOB = /[*?[\]{}!()]/

/** Whether a text means several topics: a glob, or `tenant/namespace`, which is a part too short for a topic. */
export function isPattern(text: string): boolean {
  return GLOB.test(text) || /^[^/:]+\/[^/:]+$/.test(text)
}

/**
 * Reads PATTERN: nothing (everything), `tenant`, `tenant/namespace`, or a glob over full names, in which `*` stays
 * within one part of the name and `**` crosses them. A topic's own name is a glob that matches just it.
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
  return {...scope, matches: (fullName) => isMatch(fullName.replace('persistent://', ''))}
}

/** Which topics are looked at. */
export interface TopicScope {
  readonly pattern: TopicPattern
  /** Whether to list the broker's own topics too. */
  readonly hasSystemTopics: boolean
}

/** @param name a topic's, or a partition's */
export function isWanted(name: string, {hasSystemTopics, pattern}: TopicScope): boolean {
  return (hasSystemTopics || !isSystemTopic(name)) && pattern.matches(splitPartition(name).base)
}

/** The broker's own topics: `__change_events`, `__transaction_…` and their like. */
function isSystemTopic(name: string): boolean {
  return name.slice(name.lastIndexOf('/') + 1).startsWith('__') || name.startsWith('persistent://pulsar/system/')
}

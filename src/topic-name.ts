import {Blocked, Usage} from './errors.js'

/** The parts of a persistent topic's name. `local` is everything after the namespace, without URL encoding. */
export interface TopicName {
  readonly tenant: string
  readonly namespace: string
  readonly local: string
  /** `persistent://tenant/namespace/local` */
  readonly full: string
}

const PARTITION = /^(?<base>.+)-partition-(?<index>\d+)$/

function topicName(tenant: string, namespace: string, local: string): TopicName {
  return {tenant, namespace, local, full: `persistent://${tenant}/${namespace}/${local}`}
}

/**
 * Parses a topic name in the forms that the Pulsar tools accept: `persistent://tenant/namespace/name`,
 * `tenant/namespace/name`, `namespace/name` (tenant `public`) or `name` (`public/default`).
 *
 * @throws Blocked E_TOPIC_UNSUPPORTED for non-persistent and scalable topics, whose key ranges have another meaning.
 * @throws Usage E_TOPIC_NAME when it is not a topic name.
 */
export function parseTopicName(text: string): TopicName {
  const separator = text.indexOf('://')
  const domain = separator === -1 ? 'persistent' : text.slice(0, separator)
  if (['non-persistent', 'topic', 'segment'].includes(domain)) {
    throw new Blocked(
      'E_TOPIC_UNSUPPORTED',
      `${text}: ${domain}:// topics are not supported, only persistent:// ones`,
      {
        data: {topic: text, domain},
      },
    )
  }
  const parts = (separator === -1 ? text : text.slice(separator + 3)).split('/')
  const isComplete = separator === -1 ? parts.length <= 3 : parts.length >= 3
  if (domain !== 'persistent' || !isComplete || parts.includes('')) {
    throw new Usage('E_TOPIC_NAME', `${text} is not a topic name; use persistent://tenant/namespace/name`, {
      data: {topic: text},
    })
  }
  if (parts.length === 1) return topicName('public', 'default', text)
  if (parts.length === 2) return topicName('public', parts[0] ?? '', parts[1] ?? '')
  const [tenant = '', namespace = '', ...local] = parts
  return topicName(tenant, namespace, local.join('/'))
}

/** Puts a plain name into a namespace; null is public/default, as in the Pulsar tools. Longer names are unchanged. */
export function inNamespace(text: string, namespace: string | null): string {
  return namespace === null || text.includes('/') ? text : `persistent://${namespace}/${text}`
}

/** The name of one partition of a partitioned topic. */
export function partitionName(topic: TopicName, index: number): TopicName {
  return topicName(topic.tenant, topic.namespace, `${topic.local}-partition-${String(index)}`)
}

/** Splits `x-partition-3` into the partitioned topic's name and 3; a plain topic has no index. */
export function splitPartition(full: string): {base: string; index: number | null} {
  const groups = PARTITION.exec(full)?.groups
  if (!groups) return {base: full, index: null}
  return {base: groups['base'] ?? full, index: Number(groups['index'])}
}

/** The path of a topic under /admin/v2. The local name is encoded as one segment. */
export function topicPath({local, namespace, tenant}: TopicName): string {
  return `/persistent/${[tenant, namespace, local].map((part) => encodeURIComponent(part)).join('/')}`
}

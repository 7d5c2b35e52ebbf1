import pLimit from 'p-limit'

import type {PulsarAdmin} from '../../clients/pulsar-admin/admin.js'
import {AdminRefused} from '../../clients/pulsar-admin/refused.js'
import type {NamespacePolicies, TopicPolicyValues} from '../../clients/pulsar-admin/policies.js'
import type {TopicName} from '../../topic-name.js'
import type {TopicLevel} from './policy-levels.js'

const CONCURRENT_POLICIES = 8

/** Reads some of the topic's own policies. */
export async function collectTopicLevel(
  admin: PulsarAdmin,
  topic: TopicName,
  names: ReadonlyArray<keyof TopicPolicyValues>,
): Promise<TopicLevel> {
  const limit = pLimit(CONCURRENT_POLICIES)
  const read = await Promise.all(
    names.map((name) => limit(async () => [name, await unlessRefused(admin.topicPolicy(topic, name))] as const)),
  )
  return Object.fromEntries(read.filter(([, value]) => value !== undefined))
}

/** null where this login may not read it. */
export async function collectNamespaceLevel(admin: PulsarAdmin, topic: TopicName): Promise<NamespacePolicies | null> {
  return (await unlessRefused(admin.namespacePolicies(topic))) ?? null
}

/** Undefined where this login may not read it; null where topics have no policies on this broker, which it says with 405. */
async function unlessRefused<T>(answer: Promise<T>): Promise<T | null | undefined> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof AdminRefused) return error.status === 405 ? null : undefined
    throw error
  }
}

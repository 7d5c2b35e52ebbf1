import type {PulsarAdmin} from '../../../clients/pulsar-admin/admin.js'
import {collectOldest} from '../../message-sampling/collect-oldest-messages.js'
import {collectPolicies} from '../../policies/collect-policies.js'
import {
  type CollectedSubscription,
  collectExisting,
  type SubscriptionPartition,
} from '../../topic-stats/collect-topic-stats.js'
import {collectInternalStats} from '../../topic-stats/collect-internal-stats.js'
import type {Inspection} from './subscription-report.js'

/** Cursors that are read without --cursors: each is one request, and its answer may be long. */
const CURSORS = 16

export interface InspectionOptions {
  /** reads the cursors of every partition instead of up to 16 */
  readonly everyCursor: boolean
  /** costs two or three further requests for each partition with a backlog */
  readonly oldest: boolean
}

/**
 * Reads one subscription in full, without any change; on a part of the partitions if the others do not have it.
 *
 * @throws Unreachable as `collectExisting` does.
 */
export async function collectInspection(
  admin: PulsarAdmin,
  topic: string,
  subscription: string,
  options: InspectionOptions,
): Promise<Inspection> {
  const collected = await collectExisting(admin, topic, subscription, {getPreciseBacklog: true})
  const readAtMs = Date.now()
  const [internals, oldest, policies] = await Promise.all([
    collectCursors(admin, collected, options.everyCursor),
    options.oldest ? collectOldest(admin, collected) : null,
    collectPolicies(admin, collected.topic, subscription),
  ])
  return {collected, readAtMs, internals, oldest, policies}
}

/** Omits partitions without permission and those that are moving to another broker; the report names the missing ones. */
async function collectCursors(
  admin: PulsarAdmin,
  {partitions}: CollectedSubscription,
  everyCursor: boolean,
): Promise<Inspection['internals']> {
  const chosen = everyCursor ? partitions : worstFirst(partitions).slice(0, CURSORS)
  return collectInternalStats(admin, chosen, (stats) => stats)
}

/** Partitions with the most ack holes first, then those with the largest backlog. */
function worstFirst(partitions: readonly SubscriptionPartition[]): SubscriptionPartition[] {
  const holes = ({subscription}: SubscriptionPartition): number => subscription.nonContiguousDeletedMessagesRanges ?? 0
  const backlog = ({subscription}: SubscriptionPartition): number => subscription.msgBacklog ?? 0
  return partitions.toSorted((a, b) => holes(b) - holes(a) || backlog(b) - backlog(a))
}

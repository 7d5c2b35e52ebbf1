import type {SubscriptionType} from '../../clients/pulsar-admin/types.js'

/**
 * Whether the broker may hand out messages twice while consumers join under load: two reads, one of new entries and one
 * of those that a join put off, share a flag that says whether one is being handed out
 * (PersistentDispatcherMultipleConsumers.sendInProgress). Seen on 3.0.7 in one of four joins of 8 consumers, with no
 * migration near; in none on 4.0.7 and 4.2.4, where a join no longer puts messages off (#23352).
 */
export function mayDeliverTwiceOnJoin(brokerVersion: string, type: SubscriptionType): boolean {
  return type === 'Key_Shared' && /^[0-3]\./.test(brokerVersion)
}

import type {SubscriptionType} from '../../clients/pulsar-admin/types.js'

/**
 * Whether the broker may deliver messages twice while consumers join under load. Two reads, one of new entries and one of
 * entries that a join has postponed, share one flag for "a delivery is in progress"
 * (PersistentDispatcherMultipleConsumers.sendInProgress). Seen on 3.0.7 in one of four joins of 8 consumers, without any
 * migration; never on 4.0.7 and 4.2.4, where a join no longer postpones messages (#23352).
 */
export function mayDeliverTwiceOnJoin(brokerVersion: string, type: SubscriptionType): boolean {
  return type === 'Key_Shared' && /^[0-3]\./.test(brokerVersion)
}

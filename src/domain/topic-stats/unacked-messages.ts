import type {SubscriptionStats} from '../../clients/pulsar-admin/types.js'

/** The broker counts unacked messages only for these types. For the others it reports 0, whatever the consumers hold. */
export function countsUnacked({type}: {readonly type?: string | undefined}): boolean {
  return type === 'Shared' || type === 'Key_Shared'
}

/** The unacked messages of a subscription or of one of its consumers; null where the broker does not count them. */
export function countedUnacked(
  reported: number | undefined,
  type: SubscriptionStats['type'] | undefined,
): number | null {
  return type === 'Failover' || type === 'Exclusive' ? null : (reported ?? null)
}

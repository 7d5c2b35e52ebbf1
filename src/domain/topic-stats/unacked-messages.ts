/**
 * The unacked messages of a subscription or of one of its consumers. Brokers count them for Shared and Key_Shared only, and
 * always report 0 for Failover and Exclusive; the number is unknown there.
 */
export function countedUnacked(reported: number | undefined, type: string | undefined): number | null {
  return type === 'Failover' || type === 'Exclusive' ? null : (reported ?? null)
}

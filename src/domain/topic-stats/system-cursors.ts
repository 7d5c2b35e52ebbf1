/**
 * Whether a subscription belongs to the broker: the cursors of compaction, deduplication and geo-replication. No consumer
 * connects to them, and their backlog is the broker's work.
 *
 * @see PersistentTopic: `__compaction`, `pulsar.dedup`, and names that start with `replicatorPrefix`, `pulsar.repl` by default
 */
export function isSystemCursor(subscription: string): boolean {
  return subscription === '__compaction' || subscription === 'pulsar.dedup' || subscription.startsWith('pulsar.repl.')
}

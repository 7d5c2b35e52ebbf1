/**
 * The fields that findings and the steps of `why` name as evidence: fields of the broker's statistics and settings under
 * their own names, and measurements of keyshift.
 */
export type EvidenceField =
  | 'address'
  | 'availablePermits'
  | 'backlogQuotaMap'
  | 'backlogSize'
  | 'blockedConsumerOnUnackedMsgs'
  | 'blockedSubscriptionOnUnackedMsgs'
  | 'brokerVersion'
  | 'consumers[].address'
  | 'consumers[].unackedMessages'
  | 'consumersAfterMarkDeletePosition'
  | 'dispatcherPauseOnAckStatePersistent'
  | 'dispatchRate'
  | 'dispatchThrottledBytesEventsByBrokerLimit'
  | 'dispatchThrottledBytesEventsBySubscriptionLimit'
  | 'dispatchThrottledBytesEventsByTopicLimit'
  | 'dispatchThrottledMsgEventsByBrokerLimit'
  | 'dispatchThrottledMsgEventsBySubscriptionLimit'
  | 'dispatchThrottledMsgEventsByTopicLimit'
  | 'drainingHashes[].blockedAttempts'
  | 'drainingHashes[].unackMsgs'
  | 'earliestMsgPublishTimeInBacklog'
  | 'entries read'
  | 'firstUnackedEntry'
  | 'hashingScheme'
  | 'heldAtLeastMs'
  | 'joined'
  | 'keyHashRangeArrays'
  | 'keySharedLookAheadMsgInReplayThresholdPerConsumer'
  | 'lastAckedTimestamp'
  | 'lastConfirmedEntry'
  | 'lastConsumedFlowTimestamp'
  | 'lastConsumedTimestamp'
  | 'lastMarkDeleteAdvancedTimestamp'
  | 'left'
  | 'lock'
  | 'managedLedgerMaxUnackedRangesToPersist'
  | 'markDeletePosition'
  | 'maxUnackedMessagesPerConsumer'
  | 'maxUnackedMessagesPerSubscription'
  | 'messages of the key'
  | 'messages without key'
  | 'messagesSeen'
  | 'messageTTL'
  | 'mixed batches'
  | 'msgBacklog'
  | 'msgDelayed'
  | 'msgInCounter'
  | 'msgInReplay'
  | 'msgOutCounter'
  | 'msgRateRedeliver'
  | 'nonContiguousDeletedMessagesRanges'
  | 'oldestAgeMs'
  | 'oldestPosition'
  | 'previous owner'
  | 'readPosition'
  | 'relation'
  | 'sampled messages'
  | 'slot'
  | 'source'
  | 'subscriptionDispatchRate'
  | 'subscriptionHavePendingRead'
  | 'subscriptionHavePendingReplayRead'
  | 'ttlMs'
  | 'type'
  | 'unackedMessages'
  | 'unreadable entries'
  | 'unreadEntries'
  | 'verdict'

/** A field with its value. The name of a field may contain a slot or a partition. */
export interface Evidence {
  field:
    | EvidenceField
    | `${EvidenceField} (partition ${string})`
    | `drainingHashes[${string}].${'blockedAttempts' | 'unackMsgs'}`
  value: string
}

/**
 * @param value null or undefined where it is unknown
 * @param partition the partition that it belongs to; null or left out for a topic without partitions, and for all of them
 */
export function evidence(
  field: EvidenceField | `drainingHashes[${string}].${'blockedAttempts' | 'unackMsgs'}`,
  value: boolean | number | string | null | undefined,
  partition: number | null = null,
): Evidence {
  const text = String(value ?? 'unknown')
  if (partition === null || field.startsWith('drainingHashes[')) return {field, value: text}
  return {field: `${field as EvidenceField} (partition ${String(partition)})`, value: text}
}

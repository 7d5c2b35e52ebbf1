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
  | 'dispatchThrottledMsgEventsBySubscriptionLimit'
  | 'drainingHashes[].blockedAttempts'
  | 'drainingHashes[].unackMsgs'
  | 'earliestMsgPublishTimeInBacklog'
  | 'entries read'
  | 'hashingScheme'
  | 'heldAtLeastMs'
  | 'joined'
  | 'keyHashRangeArrays'
  | 'keySharedLookAheadMsgInReplayThresholdPerConsumer'
  | 'lastAckedTimestamp'
  | 'lastConsumedFlowTimestamp'
  | 'lastConsumedTimestamp'
  | 'lastMarkDeleteAdvancedTimestamp'
  | 'left'
  | 'lock'
  | 'managedLedgerMaxUnackedRangesToPersist'
  | 'messageTTL'
  | 'messages of the key'
  | 'messages without key'
  | 'messagesSeen'
  | 'mixed batches'
  | 'msgBacklog'
  | 'msgDelayed'
  | 'msgInReplay'
  | 'msgOutCounter'
  | 'nonContiguousDeletedMessagesRanges'
  | 'oldestAgeMs'
  | 'oldestPosition'
  | 'previous owner'
  | 'relation'
  | 'sampled messages'
  | 'slot'
  | 'source'
  | 'subscriptionDispatchRate'
  | 'ttlMs'
  | 'type'
  | 'unackedMessages'
  | 'verdict'

/** A field with its value. The name of a field may contain a slot or a partition. */
export interface Evidence {
  field:
    | EvidenceField
    | `${EvidenceField} (partition ${string})`
    | `drainingHashes[${string}].${'blockedAttempts' | 'unackMsgs'}`
  value: string
}

/** @param value undefined where the broker does not report it */
export function evidence(field: Evidence['field'], value: boolean | number | string | undefined): Evidence {
  return {field, value: String(value ?? 'unknown')}
}

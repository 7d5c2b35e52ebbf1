import type {LockRelation} from '../../../domain/locks/recognition/lock-record.js'

/** How the lock holder relates to the consumer that receives the messages of the key. */
export const RELATION: Readonly<Record<LockRelation | 'unknown', string>> = {
  owner: 'holder',
  'other-consumer': 'another consumer is the holder',
  consumer: 'possible holder',
  restarted: 'holder before its restart',
  'no-consumer': 'the holder is not a consumer',
  unknown: 'unknown',
}

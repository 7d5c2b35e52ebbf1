import type {ReleaseEffect} from '../../../domain/locks/release/release-plan.js'
import {counted, durationText} from '../../../wording.js'

/**
 * What a release does with a lock, step by step; the same words in `locks inspect` and `locks release`.
 *
 * @param isBrief leaves out the names of channels and lists, which are longer than a column of a table.
 */
export function effectTexts(
  {action, alsoDelete, graceMs, holder, notify, reason, waitQueue}: ReleaseEffect,
  {isBrief}: {readonly isBrief: boolean} = {isBrief: false},
): string[] {
  if (action === 'keep') return [reason ?? 'no reason']
  if (action === 'expire') return [graceMs === null ? 'set a TTL' : `set the TTL to ${durationText(graceMs)}`]
  const disconnected = waitQueue?.disconnected.length ?? 0
  return [
    ...(action === 'delete' ? ['delete the lock'] : []),
    ...(holder === null ? [] : [`remove the holder ${holder.token}; the other holders keep the lock`]),
    ...(alsoDelete.length === 0 ? [] : [`delete ${counted(alsoDelete.length, 'companion key')}`]),
    ...(disconnected === 0 ? [] : [`remove ${counted(disconnected, 'disconnected waiter')} from the wait queue`]),
    ...(notify === null ? [] : [isBrief ? 'notify the waiters' : notificationText(notify)]),
  ]
}

function notificationText(notify: NonNullable<ReleaseEffect['notify']>): string {
  return notify.by === 'publish'
    ? `notify the waiters: publish ${notify.message} on ${notify.channel}`
    : `notify the waiters: push ${notify.element} to ${notify.list} for ${durationText(notify.expireMs)}`
}

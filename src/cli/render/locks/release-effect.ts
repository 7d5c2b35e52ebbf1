import type {ReleaseEffect} from '../../../domain/locks/release/release-plan.js'
import {lockCommand, watchFlags} from '../../../suggested-command.js'
import {counted, durationText} from '../../../wording.js'

/**
 * What a release does with a lock, step by step; the same words in `locks inspect` and `locks release`.
 *
 * @param isBrief leaves out the names of channels and lists, which are longer than a column of a table.
 */
export function effectTexts(
  {action, alsoDelete, graceMs, holder, notify, reason, waitQueue, watchMs}: ReleaseEffect,
  {isBrief}: {readonly isBrief: boolean} = {isBrief: false},
): string[] {
  if (action === 'keep') return [reason ?? 'no reason']
  const isLater = action === 'expire' && notify?.by === 'push'
  const disconnected = waitQueue?.disconnected.length ?? 0
  return [
    ...(watchMs === null ? [] : [`watch the lock for ${durationText(watchMs)}`]),
    ...(action === 'expire' ? [graceMs === null ? 'set a TTL' : `set the TTL to ${durationText(graceMs)}`] : []),
    ...(action === 'delete' ? ['delete the lock'] : []),
    ...(holder === null ? [] : [`remove the holder ${holder.token}; the other holders keep the lock`]),
    ...(alsoDelete.length === 0 ? [] : [`delete ${counted(alsoDelete.length, 'companion key')}`]),
    ...(disconnected === 0 ? [] : [`remove ${counted(disconnected, 'disconnected waiter')} from the wait queue`]),
    ...(isLater ? ['wait until it has expired'] : []),
    ...(notify === null ? [] : [isBrief ? 'notify the waiters' : notificationText(notify)]),
  ]
}

function notificationText(notify: NonNullable<ReleaseEffect['notify']>): string {
  return notify.by === 'publish'
    ? `notify the waiters: publish ${notify.message} on ${notify.channel}`
    : `notify the waiters: push ${notify.element} to ${notify.list} for ${durationText(notify.expireMs)}`
}

/**
 * The command that plans the release of a lock, with the watch that its plan needs.
 *
 * @returns null for a lock that is kept in any case.
 */
export function planCommand(
  key: string,
  {action, watchMs}: Pick<ReleaseEffect, 'action' | 'watchMs'>,
  ...words: readonly string[]
): string | null {
  if (action === 'keep' && watchMs === null) return null
  return lockCommand('release', key, ...words, ...(watchMs === null ? [] : watchFlags(watchMs)), '-o', 'plan.json')
}

/** What the watch of planCommand() does, as a comment behind the command. */
export const WATCHES = 'a plan only; its release watches the lock for as long as a holder may work'

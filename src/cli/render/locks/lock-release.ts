import type {LockReleases} from '../../../domain/locks/release/execute-release.js'
import type {PlannedRelease, ReleasePlan} from '../../../domain/locks/release/release-plan.js'
import {colour, heldText, ttlText} from './locks.js'
import {renderMs, renderTable} from '../table.js'
import {suggestedCommand} from '../../../suggested-command.js'

/** @param file where the plan is; null where it was not written. */
export function renderReleasePlan(
  {address, expiresAt, releases}: ReleasePlan,
  skipped: ReadonlyArray<{readonly key: string; readonly reason: string}>,
  file: string | null,
): string {
  const rows = releases.map((planned) => [
    planned.action,
    planned.lock.key,
    planned.lock.family,
    colour(planned.lock.verdict),
    ttlText(planned.lock),
    heldText(planned.lock),
    releaseNote(planned),
  ])
  const changed = releases.filter(({action}) => action !== 'keep').length
  return [
    `${address}: ${String(changed)} of ${String(releases.length)} locks would be released; the plan holds until ${expiresAt}`,
    ...(rows.length > 0 ? [renderTable(['action', 'key', 'family', 'verdict', 'ttl', 'held', 'note'], rows)] : []),
    ...skipped.map(({key, reason}) => `${key}: ${reason}`),
    ...(changed === 0
      ? []
      : [`next: ${suggestedCommand('locks', 'release', '--execute', file ?? 'plan.json', '--reason', 'TEXT')}`]),
  ].join('\n')
}

function releaseNote({graceMs, holder, lock, notify, reason, waitQueue}: PlannedRelease): string {
  if (reason !== null) return reason
  if (holder !== null) return `takes ${holder.token} out; ${String((lock.holders ?? 1) - 1)} others go on holding it`
  if (graceMs !== null) return `expires after ${renderMs(graceMs)}`
  const disconnected = waitQueue?.disconnected.length ?? 0
  const notified =
    notify === null ? '' : notify.by === 'publish' ? `tells ${notify.channel}` : `pushes to ${notify.list}`
  return [notified, disconnected > 0 ? `takes ${String(disconnected)} dead waiters out` : '']
    .filter((text) => text !== '')
    .join(', ')
}

/** What became of it. */
const RELEASED: Readonly<Record<PlannedRelease['action'], string>> = {
  delete: 'released',
  expire: 'given a TTL',
  keep: 'kept',
  'remove-waiters': 'line purged',
  'remove-holder': 'holder taken out',
}

export function renderReleases({address, releases, replicas, stopped, summary}: LockReleases): string {
  const counts = Object.entries(summary)
    .filter(([, count]) => count > 0)
    .map(([result, count]) => `${String(count)} ${result}`)
  const rows = releases.map(({action, key, notified, reason, removedWaiters, result}) => [
    result === 'released' ? RELEASED[action] : result,
    key,
    notified === null ? '-' : notified.receivers < 0 ? 'not allowed' : String(notified.receivers),
    removedWaiters.length === 0 ? '-' : String(removedWaiters.length),
    reason ?? '',
  ])
  return [
    `${address}: ${counts.join(', ')}`,
    renderTable(['result', 'key', 'told', 'purged', 'note'], rows),
    ...(replicas === null
      ? []
      : [
          replicas.confirmed >= replicas.wanted
            ? `${String(replicas.confirmed)} replicas have confirmed it`
            : `${String(replicas.confirmed)} of ${String(replicas.wanted)} replicas have confirmed it: after a failover a released lock may be there again`,
        ]),
    ...(stopped === null ? [] : [`stopped: ${stopped}`]),
  ].join('\n')
}

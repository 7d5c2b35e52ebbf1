import type {LockReleases} from '../../../domain/locks/release/execute-release.js'
import type {PlannedRelease, ReleasePlan} from '../../../domain/locks/release/release-plan.js'
import {suggestedCommand} from '../../../suggested-command.js'
import {verdictLabel, heldText, ttlText} from './locks.js'
import {type Column, renderMs, renderTable} from '../table.js'

/** @param file where the plan is; null where it was not written. */
export function renderReleasePlan(
  {address, expiresAt, releases}: ReleasePlan,
  skipped: ReadonlyArray<{readonly key: string; readonly reason: string}>,
  file: string | null,
): string {
  const changed = releases.filter(({action}) => action !== 'keep').length
  return [
    `${address}: ${String(changed)} of ${String(releases.length)} locks would be released; the plan holds until ${expiresAt}`,
    ...(releases.length > 0 ? [renderTable(PLANNED, releases)] : []),
    ...skipped.map(({key, reason}) => `${key}: ${reason}`),
    ...(changed === 0
      ? []
      : [`next: ${suggestedCommand('locks', 'release', '--execute', file ?? 'plan.json', '--reason', 'TEXT')}`]),
  ].join('\n')
}

const PLANNED: ReadonlyArray<Column<PlannedRelease>> = [
  {head: 'action', cell: ({action}) => action},
  {head: 'key', cell: ({lock}) => lock.key},
  {head: 'family', cell: ({lock}) => lock.family, priority: 4},
  {head: 'verdict', cell: ({lock}) => verdictLabel(lock.verdict)},
  {head: 'ttl', cell: ({lock}) => ttlText(lock), priority: 3},
  {head: 'held', cell: ({lock}) => heldText(lock), priority: 2},
  {head: 'note', cell: releaseNote, fit: 'wrap', priority: 2},
]

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

const RELEASES: ReadonlyArray<Column<LockReleases['releases'][number]>> = [
  {head: 'result', cell: ({action, result}) => (result === 'released' ? RELEASED[action] : result)},
  {head: 'key', cell: ({key}) => key},
  {
    head: 'told',
    cell: ({notified}) =>
      notified === null ? '-' : notified.receivers < 0 ? 'not allowed' : String(notified.receivers),
    priority: 3,
  },
  {
    head: 'purged',
    cell: ({removedWaiters}) => (removedWaiters.length === 0 ? '-' : String(removedWaiters.length)),
    priority: 3,
  },
  {head: 'note', cell: ({reason}) => reason ?? '', fit: 'wrap', priority: 2},
]

export function renderReleases({address, releases, replicas, stopped, summary}: LockReleases): string {
  const counts = Object.entries(summary)
    .filter(([, count]) => count > 0)
    .map(([result, count]) => `${String(count)} ${result}`)
  return [
    `${address}: ${counts.join(', ')}`,
    renderTable(RELEASES, releases),
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

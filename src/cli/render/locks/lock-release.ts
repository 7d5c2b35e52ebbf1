import type {LockReleases} from '../../../domain/locks/release/execute-release.js'
import type {PlannedRelease, ReleasePlan} from '../../../domain/locks/release/release-plan.js'
import {failureText} from '../../../connection-failure.js'
import {suggestedCommand} from '../../../suggested-command.js'
import {counted, numberText} from '../../../wording.js'
import {verdictLabel, heldText, ttlText} from './locks.js'
import {effectTexts, planCommand, WATCHES} from './release-effect.js'
import {type Column, renderTable} from '../table.js'

/** @param file the plan file; null when the plan was not written. */
export function renderReleasePlan(
  {address, expiresAt, releases}: ReleasePlan,
  skipped: ReadonlyArray<{readonly key: string; readonly reason: string}>,
  file: string | null,
): string {
  const changed = releases.filter(({action}) => action !== 'keep').length
  return [
    `${address}: ${numberText(changed)} of ${counted(releases.length, 'lock')} would be released; plan expires at ${expiresAt}`,
    ...(releases.length > 0 ? [renderTable(PLANNED, releases)] : []),
    skipped.map(({key, reason}) => `not in the plan: ${key}: ${reason}`).join('\n'),
    changed === 0
      ? watchCommand(releases)
      : file === null
        ? 'The plan is not saved. To execute it, repeat the command with -o plan.json.'
        : `next: ${suggestedCommand('locks', 'release', '--execute', file, '--reason', 'TEXT')}`,
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

/** The command that plans a watch of the first lock that needs one; empty without such a lock. */
function watchCommand(releases: readonly PlannedRelease[]): string {
  const first = releases.find(({watchMs}) => watchMs !== null)
  const command = first && planCommand(first.lock.key, first)
  return command == null ? '' : `next: ${command}   # ${WATCHES}`
}

const PLANNED: ReadonlyArray<Column<PlannedRelease>> = [
  {head: 'action', cell: ({action}) => action},
  {head: 'key', cell: ({lock}) => lock.key},
  {head: 'family', cell: ({lock}) => lock.family, priority: 4},
  {head: 'verdict', cell: ({lock}) => verdictLabel(lock.verdict)},
  {head: 'ttl', cell: ({lock}) => ttlText(lock), priority: 3},
  {head: 'held', cell: ({lock}) => heldText(lock), priority: 2},
  {head: 'note', cell: (planned) => effectTexts(planned, {isBrief: true}).join('; '), fit: 'wrap', priority: 2},
]

/** The result of each action that succeeded. */
const RELEASED: Readonly<Record<PlannedRelease['action'], string>> = {
  delete: 'released',
  expire: 'TTL set',
  keep: 'kept',
  'remove-waiters': 'waiters removed',
  'remove-holder': 'holder removed',
}

const RELEASES: ReadonlyArray<Column<LockReleases['releases'][number]>> = [
  {head: 'result', cell: resultText},
  {head: 'key', cell: ({key}) => key},
  {
    head: 'notified',
    cell: ({notified}) =>
      notified === null ? '-' : notified.receivers < 0 ? 'not allowed' : String(notified.receivers),
    priority: 3,
  },
  {
    head: 'waiters removed',
    cell: ({removedWaiters}) => (removedWaiters.length === 0 ? '-' : String(removedWaiters.length)),
    priority: 3,
  },
  {head: 'note', cell: ({reason}) => failureText(reason ?? ''), fit: 'wrap', priority: 2},
]

export function renderReleases({address, releases, replicas, stopped}: LockReleases): string {
  const notes = [
    ...(replicas === null
      ? []
      : [
          replicas.confirmed >= replicas.wanted
            ? `${counted(replicas.confirmed, 'replica')} confirmed the release`
            : `only ${numberText(replicas.confirmed)} of ${counted(replicas.wanted, 'replica')} confirmed the release; a failover may restore released locks`,
        ]),
    ...(stopped === null ? [] : [`stopped early: ${stopped}`]),
  ]
  const table = releases.length === 0 ? '' : renderTable(RELEASES, releases)
  return [`${address}: ${countsText(releases)}`, table, notes.join('\n')].filter((part) => part !== '').join('\n\n')
}

/** `2 released, 1 TTL set; not released: 1 expiry changed`, in the words of the table below it. */
function countsText(releases: LockReleases['releases']): string {
  if (releases.length === 0) return 'the plan contains no locks'
  const counts = (chosen: LockReleases['releases']): string =>
    [...Map.groupBy(chosen, resultText)].map(([result, {length}]) => `${numberText(length)} ${result}`).join(', ')
  const done = counts(releases.filter(({result}) => result === 'released'))
  const others = counts(releases.filter(({result}) => result !== 'released'))
  return others === '' ? done : `${done === '' ? 'none released' : done}; not released: ${others}`
}

function resultText({action, result}: LockReleases['releases'][number]): string {
  return result === 'released' ? RELEASED[action] : result === 'renewed' ? 'expiry changed' : result
}

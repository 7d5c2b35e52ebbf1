import type {LockInspection} from '../../../domain/locks/inspect/collect-lock.js'
import {counted, numberText} from '../../../wording.js'
import {heldText, likelihoodText, ttlText, verdictLabel} from './locks.js'
import {effectTexts, planCommand, WATCHES} from './release-effect.js'
import {type Column, renderMs, renderPairs, renderTable} from '../table.js'

export function renderLock(inspection: LockInspection): string {
  const {candidates, companions, holders, lock, waiters} = inspection
  const head = renderPairs([
    ['key', lock.key],
    ['format', formatText(inspection)],
    ['verdict', verdictLabel(lock.verdict)],
    ['ttl', ttlText(lock)],
    ['held', heldText(lock)],
    ['acquired', lock.reentrancy === null ? '-' : counted(lock.reentrancy, 'time')],
    ['channel subscribers', waiters.subscribers === null ? 'unknown' : numberText(waiters.subscribers)],
  ])
  const parts = [head]
  if (candidates.length > 0) parts.push(renderTable(CANDIDATE_FAMILIES, candidates))
  if (holders.length > 0) parts.push(renderTable(HOLDERS, holders))
  parts.push(...connectionsText(inspection))
  if (waiters.queue.length > 0) {
    parts.push(
      renderTable(
        WAITERS,
        waiters.queue.map((one, at) => ({...one, position: at + 1})),
      ),
    )
  }
  if (companions.length > 0) {
    parts.push(renderTable(COMPANIONS, companions))
  }
  return [...parts, releaseText(inspection)].join('\n\n')
}

function formatText({format, lock}: LockInspection): string {
  if (format === null) return 'unknown'
  return lock.group === null ? `${format} (${lock.family}, confidence ${likelihoodText(lock.confidence)})` : format
}

const CANDIDATE_FAMILIES: ReadonlyArray<Column<LockInspection['candidates'][number]>> = [
  {head: 'family', cell: ({family}) => family},
  {head: 'likelihood', cell: ({likelihood}) => likelihoodText(likelihood)},
  {head: 'evidence', cell: ({evidence}) => evidence.join('; '), fit: 'wrap'},
]
const HOLDERS: ReadonlyArray<Column<LockInspection['holders'][number]>> = [
  {head: 'holder', cell: ({text, token}) => text ?? token},
  {head: 'host', cell: ({host}) => host, isRare: true, priority: 2},
  {head: 'pid', cell: ({pid}) => pid, isRare: true, priority: 2},
  {head: 'thread', cell: ({thread}) => thread, isRare: true, priority: 3},
  {head: 'name', cell: ({consumer}) => consumer, isRare: true, priority: 2},
]
const WAITERS: ReadonlyArray<Column<LockInspection['waiters']['queue'][number] & {readonly position: number}>> = [
  {head: 'position', cell: ({position}) => position},
  {head: 'waiter', cell: ({waiter}) => waiter},
  {
    head: 'connected',
    cell: ({isSubscribed}) => (isSubscribed === null ? 'unknown' : isSubscribed ? 'yes' : 'NO: disconnected'),
  },
]
const COMPANIONS: ReadonlyArray<Column<LockInspection['companions'][number]>> = [
  {head: 'companion key', cell: ({key}) => key},
  {head: 'role', cell: ({role}) => role},
]
type Candidate = NonNullable<LockInspection['connections']>['candidates'][number]
const CANDIDATES: ReadonlyArray<Column<Candidate>> = [
  {head: 'connection', cell: ({address}) => address},
  {head: 'name', cell: ({name}) => (name === '' ? '-' : name), priority: 2},
  {head: 'matched by', cell: ({matchedBy}) => matchedBy, priority: 3},
  {head: 'age', cell: ({ageMs}) => renderMs(ageMs), priority: 2},
  {head: 'idle', cell: ({idleMs}) => renderMs(idleMs), priority: 2},
  {
    head: 'holder',
    cell: ({connectedBeforeLock}) => (connectedBeforeLock ? 'possible' : 'NO: connected after the lock was acquired'),
    fit: 'wrap',
  },
]

/** Whether any connection may belong to the holder. */
function connectionsText({connections, missingRight}: LockInspection): string[] {
  if (missingRight !== null) return [`Connections unknown: missing permission ${missingRight}.`]
  if (connections === null) return []
  const {candidates, clients, connectedBeforeLock, isIdentifiable} = connections
  const older =
    clients === 0
      ? 'No other client is connected to this Redis'
      : `${numberText(connectedBeforeLock)} of ${counted(clients, 'connected client')} ${connectedBeforeLock === 1 ? 'is' : 'are'} older than the lock`
  if (!isIdentifiable) return [`The token does not identify a client. ${older}.`]
  if (candidates.length === 0) return [`No connection matches the holder. ${older}.`]
  return [renderTable(CANDIDATES, candidates)]
}

/** What `locks release` does with the lock, and how to plan it. */
function releaseText({holders, lock, release}: LockInspection): string {
  const effects = effectTexts(release)
  const isKept = release.action === 'keep'
  const plan = planCommand(lock.key, release)
  const ofHolder = planCommand(lock.key, {action: 'remove-holder', watchMs: null}, '--holder', 'TOKEN')
  return [
    ...(isKept
      ? [`A release would not change the key: ${effects.join('; ')}`]
      : [
          ...(release.reason === null ? [] : [`A release needs a watch: ${release.reason}.`]),
          'A release would verify that the lock is unchanged (type, holder, expiry), then:',
          ...effects.map((effect, at) => `  ${String(at + 1)}. ${effect}`),
        ]),
    ...(plan === null
      ? []
      : [
          'next:',
          `  ${plan}   # ${release.watchMs === null ? 'makes a plan only' : WATCHES}`,
          ...(holders.length > 1 ? [`  ${ofHolder ?? ''}   # plans to remove one holder`] : []),
        ]),
  ].join('\n')
}

import type {LockInspection} from '../../../domain/locks/inspect/collect-lock.js'
import type {ReleaseStep} from '../../../domain/locks/inspect/release-outlook.js'
import {suggestedCommand} from '../../../suggested-command.js'
import {verdictLabel, heldText, ttlText} from './locks.js'
import {type Column, renderMs, renderPairs, renderTable} from '../table.js'

export function renderLock(inspection: LockInspection): string {
  const {companions, format, holders, lock, waiters} = inspection
  const head = renderPairs([
    ['key', lock.key],
    ['format', format === null ? 'not known' : `${format} (${String(Math.round(lock.confidence * 100))} % sure)`],
    ...(lock.lookalikes.length > 0 ? [['may also be', lock.lookalikes.join(', ')] as const] : []),
    ['verdict', verdictLabel(lock.verdict)],
    ['ttl', ttlText(lock)],
    ['held', heldText(lock)],
    ['taken', lock.reentrancy === null ? '-' : `${String(lock.reentrancy)} times`],
    ['listening for its release', waiters.subscribers === null ? '-' : `${String(waiters.subscribers)} processes`],
  ])
  const parts = [head]
  if (holders.length > 0) parts.push(renderTable(HOLDERS, holders))
  parts.push(...connectionsText(inspection))
  if (waiters.queue.length > 0) {
    parts.push(
      renderTable(
        WAITERS,
        waiters.queue.map((one, at) => ({...one, place: at + 1})),
      ),
    )
  }
  if (companions.length > 0) {
    parts.push(renderTable(COMPANIONS, companions))
  }
  return [...parts, releaseText(inspection)].join('\n\n')
}

const HOLDERS: ReadonlyArray<Column<LockInspection['holders'][number]>> = [
  {head: 'holder', cell: ({token}) => token},
  {head: 'host', cell: ({host}) => host, priority: 2},
  {head: 'pid', cell: ({pid}) => pid, priority: 2},
  {head: 'thread', cell: ({thread}) => thread, priority: 3},
  {head: 'calls itself', cell: ({consumer}) => consumer, priority: 2},
]
const WAITERS: ReadonlyArray<Column<LockInspection['waiters']['queue'][number] & {readonly place: number}>> = [
  {head: 'in line', cell: ({place}) => place},
  {head: 'waiter', cell: ({waiter}) => waiter},
  {
    head: 'listens',
    cell: ({isSubscribed}) => (isSubscribed === null ? 'not to be told' : isSubscribed ? 'yes' : 'NO: it is gone'),
  },
]
const COMPANIONS: ReadonlyArray<Column<LockInspection['companions'][number]>> = [
  {head: 'its keys', cell: ({key}) => key},
  {head: 'what for', cell: ({role}) => role},
]
type Candidate = NonNullable<LockInspection['connections']>['candidates'][number]
const CANDIDATES: ReadonlyArray<Column<Candidate>> = [
  {head: 'connection', cell: ({address}) => address},
  {head: 'name', cell: ({name}) => (name === '' ? '-' : name), priority: 2},
  {head: 'told by', cell: ({matchedBy}) => matchedBy, priority: 3},
  {head: 'age', cell: ({ageMs}) => renderMs(ageMs), priority: 2},
  {head: 'idle', cell: ({idleMs}) => renderMs(idleMs), priority: 2},
  {head: "the holder's", cell: ({connectedBeforeLock}) => (connectedBeforeLock ? 'maybe' : 'NO: it connected later')},
]

/** Whether any connection could be the holder's. */
function connectionsText({connections, missingRight}: LockInspection): string[] {
  if (missingRight !== null) return [`Whether its holder is connected can't be told: this login lacks ${missingRight}.`]
  if (connections === null) return []
  const {candidates, clients, connectedBeforeLock, isIdentifiable} = connections
  const counted = `${String(connectedBeforeLock)} of ${String(clients)} clients have been connected for as long`
  if (!isIdentifiable) return [`Its token names nobody that a connection could be told by; ${counted}.`]
  if (candidates.length === 0) return [`No connection looks like its holder's; ${counted}.`]
  return [renderTable(CANDIDATES, candidates)]
}

function releaseText({holders, lock, release}: LockInspection): string {
  if (release === null) return 'Its format is not known: it will not be released.'
  if (release.instead !== null) return `Never delete it: ${release.instead}.`
  const steps = release.steps.map((step, at) => `  ${String(at + 1)}. ${stepText(step)}`)
  const alone = `To release one holder only: ${suggestedCommand('locks', 'release', lock.key, '--holder', 'TOKEN', '-o', 'plan.json')}`
  return ['A release would:', ...steps, ...(holders.length > 1 ? [alone] : [])].join('\n')
}

function stepText(step: ReleaseStep): string {
  switch (step.action) {
    case 'compare':
      return `go on only if ${step.key} is still exactly as seen: type, holder and expiry`
    case 'delete':
      return `delete ${step.key}, in the same step`
    case 'delete-companions':
      return `delete what belongs to it: ${step.keys}`
    case 'publish':
      return `wake who waits: publish ${step.message} on ${step.channel}`
    case 'push':
      return `wake who waits: push ${step.element} to ${step.list}, for ${String(step.expireMs)} ms`
  }
}

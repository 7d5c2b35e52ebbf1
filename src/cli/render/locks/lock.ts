import type {LockInspection} from '../../../domain/locks/inspect/collect-lock.js'
import type {ReleaseStep} from '../../../domain/locks/inspect/release-outlook.js'
import {colour, heldText, ttlText} from './locks.js'
import {renderMs, renderPairs, renderTable} from '../table.js'
import {suggestedCommand} from '../../../suggested-command.js'

export function renderLock(inspection: LockInspection): string {
  const {companions, format, holders, lock, waiters} = inspection
  const head = renderPairs([
    ['key', lock.key],
    ['format', format === null ? 'not known' : `${format} (${String(Math.round(lock.confidence * 100))} % sure)`],
    ...(lock.lookalikes.length > 0 ? [['may also be', lock.lookalikes.join(', ')] as const] : []),
    ['verdict', colour(lock.verdict)],
    ['ttl', ttlText(lock)],
    ['held', heldText(lock)],
    ['taken', lock.reentrancy === null ? '-' : `${String(lock.reentrancy)} times`],
    ['listening for its release', waiters.subscribers === null ? '-' : `${String(waiters.subscribers)} processes`],
  ])
  const parts = [head]
  if (holders.length > 0) parts.push(renderTable(HOLDER_HEAD, holders.map(holderRow)))
  parts.push(...connectionsText(inspection))
  if (waiters.queue.length > 0) {
    const rows = waiters.queue.map(({isSubscribed, waiter}, at) => [
      at + 1,
      waiter,
      isSubscribed === null ? 'not to be told' : isSubscribed ? 'yes' : 'NO: it is gone',
    ])
    parts.push(renderTable(['in line', 'waiter', 'listens'], rows))
  }
  if (companions.length > 0) {
    parts.push(
      renderTable(
        ['its keys', 'what for'],
        companions.map(({key, role}) => [key, role]),
      ),
    )
  }
  return [...parts, releaseText(inspection)].join('\n\n')
}

const HOLDER_HEAD = ['holder', 'host', 'pid', 'thread', 'calls itself']

function holderRow({
  consumer,
  host,
  pid,
  thread,
  token,
}: LockInspection['holders'][number]): Array<number | string | null> {
  return [token, host, pid, thread, consumer]
}

/** Whether any connection could be the holder's. */
function connectionsText({connections, missingRight}: LockInspection): string[] {
  if (missingRight !== null) return [`Whether its holder is connected can't be told: this login lacks ${missingRight}.`]
  if (connections === null) return []
  const {candidates, clients, connectedBeforeLock, isIdentifiable} = connections
  const counted = `${String(connectedBeforeLock)} of ${String(clients)} clients have been connected for as long`
  if (!isIdentifiable) return [`Its token names nobody that a connection could be told by; ${counted}.`]
  if (candidates.length === 0) return [`No connection looks like its holder's; ${counted}.`]
  const rows = candidates.map(({address, ageMs, connectedBeforeLock, idleMs, matchedBy, name}) => [
    ...[address, name === '' ? '-' : name, matchedBy, renderMs(ageMs), renderMs(idleMs)],
    connectedBeforeLock ? 'maybe' : 'NO: it connected later',
  ])
  return [renderTable(['connection', 'name', 'told by', 'age', 'idle', "the holder's"], rows)]
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

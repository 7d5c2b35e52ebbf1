import type {LockScan} from '../../../domain/locks/scan/collect-locks.js'
import type {LockRecord} from '../../../domain/locks/recognition/lock-record.js'
import {failureText} from '../../../connection-failure.js'
import type {LockHolder} from '../../../domain/locks/recognition/recognized-lock.js'
import type {LockVerdict} from '../../../domain/locks/recognition/lock-verdicts.js'
import {lockCommand, suggestedCommand} from '../../../suggested-command.js'
import {counted, numberText} from '../../../wording.js'
import {paint} from '../../output/palette.js'
import {RELATION} from './lock-relations.js'
import {incompleteNotes, outsideNotes} from './scan-notes.js'
import {type Column, renderMs, renderTable} from '../table.js'

const LOCK: ReadonlyArray<Column<LockRecord>> = [
  {head: 'verdict', cell: verdictText, fit: 'wrap'},
  {head: 'key', cell: ({key}) => key},
  {head: 'family', cell: familyText, fit: 'wrap', priority: 4},
  {head: 'holder', cell: holderText},
  {head: 'ttl', cell: ttlText, priority: 2},
  {head: 'held', cell: heldText, priority: 2},
  {head: 'waiters', cell: ({waiters}) => waiters, isRare: true, priority: 2},
]
const MESSAGES: ReadonlyArray<Column<LockRecord>> = [
  {head: 'consumer of the key', cell: consumerText, priority: 3},
  {head: 'relation', cell: ({messages}) => messages && RELATION[messages.relation ?? 'unknown'], priority: 3},
]
/** The unacknowledged messages of the lock's key. */
const WAITING: ReadonlyArray<Column<LockRecord>> = [
  {head: 'waiting', cell: ({messages}) => messages?.waiting?.messages ?? null, priority: 2},
  {head: 'oldest', cell: ({messages}) => renderMs(messages?.waiting?.oldestAgeMs ?? null), priority: 3},
]
/** The list is for finding problems; a few healthy locks show which formats matched. */
const HEALTHY_SHOWN = 5
const HOLDERS_SHOWN = 5

export function renderLocks(scan: LockScan): string {
  const {summary} = scan
  const gaps = incompleteNotes(summary).map((gap) => `${paint.warn('incomplete')}: ${gap}`)
  const counts = Object.entries(summary.verdicts).map(([verdict, count]) => `${numberText(count)} ${verdict}`)
  const others = scan.redlock.length === 0 ? '' : ` and ${counted(scan.redlock.length, 'other server')}`
  const keys = scan.scannedKeys === null ? 'an unknown number of keys' : `about ${counted(scan.scannedKeys, 'key')}`
  const atLeast = gaps.length > 0 ? 'at least ' : ''
  const pattern = scan.pattern === '*' ? '' : ` with pattern ${scan.pattern}`
  const found =
    summary.locks === 0 && gaps.length > 0
      ? `no lock found${pattern} in the readable part of ${keys}`
      : `${atLeast}${foundText(summary)} found${pattern} among ${keys}`
  const database = scan.database === 0 && !summary.otherDatabases?.length ? '' : ` in database ${String(scan.database)}`
  const head = `${scan.address}${others}: ${found}${database}`
  const outside = outsideNotes(scan).map(({next, text}) => `${text}; to scan them: ${next}`)
  if (summary.locks === 0) return [head, ...gaps, ...outside].join('\n')
  const healthy = scan.locks.filter(({verdict}) => verdict === 'healthy')
  const hidden = Math.max(0, healthy.length - HEALTHY_SHOWN)
  const rows = scan.locks.slice(0, scan.locks.length - hidden)
  const notes = [`verdicts: ${counts.join(', ')}`]
  const most = summary.holders.slice(0, HOLDERS_SHOWN).filter(({locks}) => locks > 1)
  if (most.length > 0) {
    const holders = most.map(({holder, locks}) => `${holder} (${numberText(locks)})`)
    notes.push(`holders with the most locks: ${holders.join(', ')}`)
  }
  if (scan.subscription !== null) notes.push(relationsText(scan.subscription, summary.relations))
  if (summary.ended > 0) {
    const were = summary.ended === 1 ? 'was' : 'were'
    notes.push(`${counted(summary.ended, 'lock')} expired or ${were} released before the second sample`)
  }
  if (hidden > 0) notes.push(`${counted(hidden, 'more healthy lock')} not shown; use --json to list all`)
  notes.push(...outside)
  if (summary.waitersUnknownReason !== null) {
    notes.push(`the number of waiters is unknown (${failureText(summary.waitersUnknownReason)})`)
  }
  if (summary.touchesIdleTime) {
    const where = summary.readFrom === 'replica' ? ' on the replica' : ''
    notes.push(`the scan reset the idle times of the keys${where}: Redis before 7.2 has no CLIENT NO-TOUCH`)
  }
  return [
    [head, ...gaps].join('\n'),
    renderTable(columnsOf(scan), rows),
    [...notes, ...nextCommands(scan)].join('\n'),
  ].join('\n\n')
}

/** `3 locks and 1 key of unknown format`, because a key of an unknown format may not be a lock. */
function foundText({families, locks}: LockScan['summary']): string {
  const unknown = families['unknown'] ?? 0
  const known = locks - unknown
  const keys = counted(unknown, 'key')
  if (unknown === 0) return counted(known, 'lock')
  return known === 0 ? `0 locks, ${keys} of unknown format` : `${counted(known, 'lock')} and ${keys} of unknown format`
}

function columnsOf({subscription}: LockScan): ReadonlyArray<Column<LockRecord>> {
  return [...LOCK, ...(subscription === null ? [] : MESSAGES), ...(subscription?.waiting ? WAITING : [])]
}

function consumerText({messages}: LockRecord): string | null {
  if (messages === null) return null
  const {consumer, partition} = messages
  const where = partition === null ? '' : ` (partition ${String(partition)})`
  return `${consumer?.name ?? consumer?.address ?? 'any consumer'}${where}`
}

/** How many locks are held by the right consumer, by the wrong one, and by other processes. */
function relationsText(
  {subscription, topic, waiting}: NonNullable<LockScan['subscription']>,
  {consumer = 0, owner = 0, restarted = 0, unknown = 0, ...others}: LockScan['summary']['relations'],
): string {
  const parts: ReadonlyArray<readonly [number, string]> = [
    [owner, 'held by the consumer of the key'],
    [consumer, `held by a consumer of ${subscription}`],
    [others['other-consumer'] ?? 0, 'held by the wrong consumer'],
    [restarted, 'held since before the restart of the holder'],
    [others['no-consumer'] ?? 0, 'held by a process that is not a consumer'],
    [unknown, `with an unidentified holder (map tokens to consumers with --holder-pattern)`],
  ]
  const found = parts.filter(([count]) => count > 0).map(([count, text]) => `${counted(count, 'lock')} ${text}`)
  const held = `${topic} ${subscription}: ${found.length === 0 ? 'no lock matches its keys' : found.join(', ')}`
  if (waiting === null) return held
  const read = `${waiting.isComplete ? 'entire backlog' : 'oldest part of the backlog'} (${counted(waiting.entriesRead, 'entry', 'entries')})`
  const keys = `${counted(waiting.keys, 'key')} ${waiting.keys === 1 ? 'has' : 'have'} waiting messages`
  return `${held}\n${read}: ${keys}; ${numberText(waiting.keysWithoutLock)} of them without a lock`
}

function holderText({holder, holders, redlock, reentrancy, waitQueue}: LockRecord): string {
  if (waitQueue) {
    const disconnected =
      waitQueue.disconnected === null
        ? 'connections unknown'
        : `${numberText(waitQueue.disconnected.length)} disconnected`
    return `${counted(waitQueue.waiters, 'waiter')} for ${waitQueue.lock}, ${disconnected}`
  }
  if (holders === 0) return 'no holder'
  if (!holder) return '-'
  if (holders !== null && holders > 1) return counted(holders, 'holder')
  const times = reentrancy !== null && reentrancy > 1 ? ` (acquired ${counted(reentrancy, 'time')})` : ''
  return `${holderLabel(holder)}${times}${redlockText(redlock)}`
}

/** The host and process of a holder, or its token where it contains neither. */
export function holderLabel({host, pid, text, token}: LockHolder): string {
  return host === null ? (text ?? token) : `${host}${pid === null ? '' : ` pid ${String(pid)}`}`
}

/** On how many servers of a Redlock the lock exists. */
function redlockText(redlock: LockRecord['redlock']): string {
  if (redlock === null) return ''
  const {heldOn, notAsked, servers} = redlock
  const atLeast = notAsked > 0 ? 'at least ' : ''
  return ` (on ${atLeast}${String(heldOn.length)} of ${counted(servers, 'server')})`
}

export function ttlText({ttlMs}: Pick<LockRecord, 'ttlMs'>): string {
  return ttlMs === null ? 'never expires' : renderMs(ttlMs)
}

/** A time of acquisition in the lock itself is exact; every other source gives a lower bound. */
export function heldText({heldAtLeastMs, heldSource}: LockRecord): string {
  const isBound = heldSource === 'idle' || heldSource === 'first-seen'
  return `${isBound ? '≥ ' : ''}${renderMs(heldAtLeastMs)}`
}

const CANDIDATES_SHOWN = 3

/** The family, or the most likely ones, with their likelihoods. */
export function familyText({candidates, family}: Pick<LockRecord, 'candidates' | 'family'>): string {
  if (candidates.length === 0) return family
  const shown = candidates.some((one) => one.family === family)
    ? candidates.filter((one) => one.family === family)
    : candidates.slice(0, CANDIDATES_SHOWN)
  return shown.map((one) => `${one.family} ${likelihoodText(one.likelihood)}`).join(', ')
}

/** Rounded down, so that only a certainty would be 100 %. */
export function likelihoodText(likelihood: number): string {
  return `${String(Math.min(99, Math.floor(likelihood * 100)))} %`
}

export function verdictText({verdicts}: Pick<LockRecord, 'verdicts'>): string {
  return verdicts.map(verdictLabel).join(', ')
}

/** Commands for the worst lock; none when all locks are healthy. */
function nextCommands({address, locks, observedMs, pattern, subscription}: LockScan): string[] {
  const [worst] = locks.filter(({verdict}) => verdict !== 'healthy')
  if (!worst) return []
  const {family, key, messages, redlock, verdict, waitQueue} = worst
  if (verdict === 'orphaned-companion' && waitQueue === null) return [] // its own library removes it
  const [at] = redlock?.heldOn ?? []
  const scanned = [
    ...(pattern === '*' ? [] : ['--pattern', pattern]),
    ...(locks.some(({isAssumed}) => isAssumed) ? ['--assume-locks'] : []),
  ]
  const where = at === undefined || at === address ? [] : ['--redis-url', at]
  const isAtWrong = subscription !== null && messages?.relation === 'other-consumer'
  return [
    'next:',
    ...(isAtWrong
      ? [
          `  ${suggestedCommand('keys', 'owner', subscription.topic, subscription.subscription, messages.key)}   # check that another consumer still owns the key`,
        ]
      : []),
    `  ${lockCommand('inspect', waitQueue?.lock ?? key, ...where)}`,
    ...(observedMs === null
      ? [`  ${suggestedCommand('locks', 'scan', ...scanned, '--observe', '12s')}   # shows which locks are renewed`]
      : []),
    ...(family === 'unknown'
      ? []
      : [`  ${lockCommand('release', key, ...where, '-o', 'plan.json')}   # makes a plan only`]),
  ]
}

const BAD: ReadonlySet<LockVerdict> = new Set([
  'duplicate-holder',
  'key-stalled',
  'no-ttl',
  'orphaned',
  'wrong-consumer',
  'zombie-renewal',
])

export function verdictLabel(verdict: LockVerdict): string {
  if (verdict === 'healthy') return paint.ok(verdict)
  return BAD.has(verdict) ? paint.error(verdict) : paint.warn(verdict)
}

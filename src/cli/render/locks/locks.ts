import type {LockScan} from '../../../domain/locks/scan/collect-locks.js'
import type {LockRecord, LockRelation} from '../../../domain/locks/recognition/lock-record.js'
import type {LockVerdict} from '../../../domain/locks/recognition/lock-verdicts.js'
import {suggestedCommand} from '../../../suggested-command.js'
import {paint} from '../../output/palette.js'
import {type Column, renderMs, renderTable} from '../table.js'

const LOCK: ReadonlyArray<Column<LockRecord>> = [
  {head: 'verdict', cell: verdictText, fit: 'wrap'},
  {head: 'key', cell: ({key}) => key},
  {head: 'family', cell: ({family}) => family, priority: 4},
  {head: 'holder', cell: holderText},
  {head: 'ttl', cell: ttlText, priority: 2},
  {head: 'held', cell: heldText, priority: 2},
]
const MESSAGES: ReadonlyArray<Column<LockRecord>> = [
  {head: 'messages go to', cell: consumerText, priority: 3},
  {head: 'which is', cell: ({messages}) => messages && RELATION[messages.relation ?? 'unknown'], priority: 3},
]
/** Messages of the lock's key that are not acknowledged. */
const WAITING: ReadonlyArray<Column<LockRecord>> = [
  {head: 'waiting', cell: ({messages}) => messages?.waiting?.messages ?? null, priority: 2},
  {head: 'oldest', cell: ({messages}) => renderMs(messages?.waiting?.oldestAgeMs ?? null), priority: 3},
]
/** How a lock's holder stands to the consumer that gets the messages it is for. */
const RELATION: Readonly<Record<LockRelation | 'unknown', string>> = {
  owner: 'its holder',
  'other-consumer': 'not its holder',
  consumer: 'maybe its holder',
  restarted: 'its holder, restarted since',
  'no-consumer': 'not its holder, who is no consumer',
  unknown: 'not to be told',
}

/** A person looks for what is wrong; of the healthy a few show what the locks look like. */
const HEALTHY_SHOWN = 5
const HOLDERS_SHOWN = 5

/** What the answer leaves out, and what would mend that; nothing when it is whole. */
export function incompleteNotes({
  failedServers,
  missingRights,
  movingSlots,
  unreadable,
  unverifiedQueues,
  unverifiedReason,
}: LockScan['summary']): string[] {
  const rights = missingRights.join(' ')
  return [
    ...(unreadable > 0
      ? [`${String(unreadable)} keys may not be read by this login, which lacks ${rights}: ACL SETUSER USER ${rights}`]
      : []),
    ...failedServers.map(
      ({address, cause}) => `${address} could not be walked to its end (${cause}): what it holds may be missing`,
    ),
    ...(unverifiedQueues > 0
      ? [`who is dead of those in ${String(unverifiedQueues)} lines can't be told (${unverifiedReason ?? 'no answer'})`]
      : []),
    ...(movingSlots > 0 ? [`${String(movingSlots)} slots did not stop moving: locks of theirs may be missing`] : []),
  ]
}

export function renderLocks(scan: LockScan): string {
  const {summary} = scan
  const gaps = incompleteNotes(summary).map((gap) => `${paint.warn('not whole')}: ${gap}`)
  const counts = Object.entries(summary.verdicts).map(([verdict, count]) => `${String(count)} ${verdict}`)
  const others = scan.redlock.length === 0 ? '' : ` and ${String(scan.redlock.length)} other servers`
  const head = `${scan.address}${others}: ${gaps.length > 0 ? 'at least ' : ''}${String(summary.locks)} locks match ${scan.pattern}, of ${scan.scannedKeys === null ? 'an unknown number of' : `about ${String(scan.scannedKeys)}`} keys`
  if (summary.locks === 0) return [head, ...gaps].join('\n')
  const healthy = scan.locks.filter(({verdict}) => verdict === 'healthy')
  const hidden = Math.max(0, healthy.length - HEALTHY_SHOWN)
  const rows = scan.locks.slice(0, scan.locks.length - hidden)
  const notes = [counts.join(', ')]
  const most = summary.holders.slice(0, HOLDERS_SHOWN).filter(({locks}) => locks > 1)
  if (most.length > 0) {
    notes.push(`held most: ${most.map(({holder, locks}) => `${holder} (${String(locks)})`).join(', ')}`)
  }
  if (scan.subscription !== null) notes.push(relationsText(scan.subscription, summary.relations))
  if (summary.ended > 0) notes.push(`${String(summary.ended)} had ended at the second look`)
  if (hidden > 0) notes.push(`${String(hidden)} more healthy ones are not shown; --json lists them`)
  if (summary.touchesIdleTime) {
    const where = summary.readFrom === 'replica' ? ' on the replica' : ''
    notes.push(`reading reset the idle times${where}: this Redis has no CLIENT NO-TOUCH (7.2)`)
  }
  return [
    [head, ...gaps].join('\n'),
    renderTable(columnsOf(scan), rows),
    [...notes, ...nextCommands(scan)].join('\n'),
  ].join('\n\n')
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

/** Whether any lock is held by who is no consumer, or by the wrong one. */
function relationsText(
  {subscription, topic, waiting}: NonNullable<LockScan['subscription']>,
  {consumer = 0, owner = 0, restarted = 0, unknown = 0, ...others}: LockScan['summary']['relations'],
): string {
  const parts: ReadonlyArray<readonly [number, string]> = [
    [owner, 'by the consumer that gets their messages'],
    [consumer, 'by one of the consumers'],
    [others['other-consumer'] ?? 0, 'by the wrong consumer'],
    [restarted, 'since before their holder restarted'],
    [others['no-consumer'] ?? 0, 'by somebody who is no consumer'],
    [unknown, `by nobody that can be told: say with --holder-pattern how tokens name consumers`],
  ]
  const told = parts.filter(([count]) => count > 0).map(([count, text]) => `${String(count)} ${text}`)
  const held = `${topic} ${subscription}: ${told.length === 0 ? 'no lock is for its messages' : `held ${told.join(', ')}`}`
  if (waiting === null) return held
  const read = `${waiting.isComplete ? 'its whole backlog' : 'the oldest part of its backlog'}, ${String(waiting.entriesRead)} entries`
  return `${held}\n${read}: messages of ${String(waiting.keys)} keys wait, ${String(waiting.keysWithoutLock)} of these without a lock`
}

function holderText({holder, holders, redlock, reentrancy, waitQueue}: LockRecord): string {
  if (waitQueue) {
    const disconnected =
      waitQueue.disconnected === null
        ? 'it can not be told who is dead'
        : `${String(waitQueue.disconnected.length)} of them dead`
    return `nobody: ${String(waitQueue.waiters)} wait for ${waitQueue.lock}, ${disconnected}`
  }
  if (!holder) return '-'
  if (holders !== null && holders > 1) return `${String(holders)} holders`
  const times = reentrancy !== null && reentrancy > 1 ? ` (taken ${String(reentrancy)} times)` : ''
  if (holder.host !== null)
    return `${holder.host}${holder.pid === null ? '' : ` pid ${String(holder.pid)}`}${times}${redlockText(redlock)}`
  return `${holder.token}${times}${redlockText(redlock)}`
}

/** On how many servers of a Redlock it is. */
function redlockText(redlock: LockRecord['redlock']): string {
  if (redlock === null) return ''
  const {heldOn, notAsked, servers} = redlock
  const atLeast = notAsked > 0 ? 'at least ' : ''
  return ` (on ${atLeast}${String(heldOn.length)} of ${String(servers)} servers)`
}

export function ttlText({ttlMs}: LockRecord): string {
  return ttlMs === null ? 'never expires' : renderMs(ttlMs)
}

/** What the lock itself tells is exact; all else is the least that it can be. */
export function heldText({heldAtLeastMs, heldSource}: LockRecord): string {
  return heldSource === 'idle' || heldSource === 'first-seen' ? `≥ ${renderMs(heldAtLeastMs)}` : renderMs(heldAtLeastMs)
}

function verdictText({verdicts}: LockRecord): string {
  return verdicts.map(verdictLabel).join(', ')
}

/** What to type next about what is wrong; nothing where nothing is. */
function nextCommands({address, locks, observedMs, pattern, subscription}: LockScan): string[] {
  const [worst] = locks.filter(({verdict}) => verdict !== 'healthy')
  if (!worst) return []
  const {key, messages, redlock, verdict, waitQueue} = worst
  if (verdict === 'orphaned-companion' && waitQueue === null) return [] // its own library takes it away
  const [at] = redlock?.heldOn ?? []
  const where = at === undefined || at === address ? [] : ['--redis-url', at]
  const isAtWrong = subscription !== null && messages?.relation === 'other-consumer'
  return [
    'next:',
    ...(isAtWrong
      ? [
          `  ${suggestedCommand('keys', 'owner', subscription.topic, subscription.subscription, messages.key)}   is it so still?`,
        ]
      : []),
    `  ${suggestedCommand('locks', 'inspect', waitQueue?.lock ?? key, ...where)}`,
    ...(observedMs === null
      ? [`  ${suggestedCommand('locks', 'scan', '--pattern', pattern, '--observe', '12s')}   which are renewed?`]
      : []),
    `  ${suggestedCommand('locks', 'release', key, ...where, '-o', 'plan.json')}   plans only`,
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

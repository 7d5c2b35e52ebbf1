import type {MigrationList, MigrationStatus} from '../../../domain/migration/journal/status.js'
import type {JournalCheck} from '../../../domain/migration/journal/list-migrations.js'
import type {MigrationPlan} from '../../../domain/migration/plan/plan.js'
import type {PreflightFinding} from '../../../domain/migration/preflight/preflight-finding.js'
import type {MigrationResult} from '../../../domain/migration/run/migration-result.js'
import type {RequestResult} from '../../../domain/migration/run/send-request.js'
import {suggestedCommand} from '../../../suggested-command.js'
import {counted} from '../../../wording.js'
import {paint} from '../../output/palette.js'
import {ageText} from '../ages.js'
import {type Column, renderMs, renderPairs, renderTable, topicText} from '../table.js'

export function renderPlan(plan: MigrationPlan): string {
  const head = renderPairs([
    ['topic', plan.topic],
    ['subscription', plan.subscription],
    ['partitions', plan.partitions],
    ['change', `${plan.from} → ${plan.to}, ${plan.strategy}`],
    ...(plan.newSubscription === null ? [] : [['new subscription', plan.newSubscription] as const]),
    ['expected pause', expectedPause(plan)],
    ['expected duplicates', expectedDuplicates(plan)],
    ['cluster', `${plan.cluster}, Pulsar ${plan.brokerVersion}`],
    ['consumers now', plan.consumersSeen.join(', ') || 'none'],
    ['plan expires at', plan.expiresAt],
  ])
  const width = Math.max(...plan.steps.map(({id}) => id.length))
  const steps = plan.steps.map(({id, title}, at) => `  ${String(at + 1)}. ${paint.strong(id.padEnd(width))}  ${title}`)
  return [head, `Steps:\n${steps.join('\n')}`, renderFindings(plan.findings)].join('\n\n')
}

/** `200–650 ms`, `300 ms – 1.5 s`. */
export function rangeText({high, low}: {readonly low: number; readonly high: number}): string {
  return high < 1000 ? `${String(low)}–${renderMs(high)}` : `${renderMs(low)} – ${renderMs(high)}`
}

function expectedPause({expected: {failoverDelayMs, gapMs}, to}: MigrationPlan): string {
  if (gapMs === null) return 'from the stop of the old consumers until the new ones are connected'
  const delay = to === 'Failover' ? ` plus ${renderMs(failoverDelayMs)} Failover delay of the broker` : ''
  return `${rangeText(gapMs)} plus ack time${delay}`
}

function expectedDuplicates({expected: {redeliveredMessages}, strategy}: MigrationPlan): number | string {
  if (redeliveredMessages !== null) return redeliveredMessages
  const place = strategy === 'stop-start' ? 'the old consumers' : 'partitions without a consumer'
  return `unacked messages of ${place}`
}

const LEVEL = {accepted: paint.secondary, block: paint.error, info: paint.secondary, warn: paint.warn}

function renderFindings(findings: readonly PreflightFinding[]): string {
  if (findings.length === 0) return 'Findings: none.'
  const lines = findings.flatMap(({code, isAccepted, message, next, severity}) => {
    const level = isAccepted ? 'accepted' : severity
    return [
      `  ${LEVEL[level](level)} ${code}: ${message}`,
      ...next.map((command) => `  ${' '.repeat(level.length)} next: ${command}`),
    ]
  })
  return `Findings:\n${lines.join('\n')}`
}

const PARTITIONS: ReadonlyArray<Column<MigrationResult['partitions'][number]>> = [
  {head: 'partition', cell: ({partition}) => partition},
  {head: 'type', cell: ({type}) => type},
  {head: 'consumers', cell: ({consumers}) => consumers},
  {head: 'switch position', cell: ({markDelete}) => markDelete, priority: 2},
]

export function renderResult(result: MigrationResult): string {
  const head = renderPairs([
    ['migration', result.id],
    ['state', result.state],
    ['change', `${result.from} → ${result.to}, ${result.strategy}`],
    ['delivery pause', renderMs(result.gapMs)],
    ['drain time', renderMs(result.drainMs)],
    ['switched at', result.switchedAt],
  ])
  return [
    head,
    renderTable(PARTITIONS, result.partitions),
    renderFindings(result.findings),
    ...renderRefusedConsumers(result),
    ...afterwards(result),
  ].join('\n\n')
}

function renderRefusedConsumers({from, refusedConsumers}: MigrationResult): string[] {
  if (refusedConsumers.length === 0) return []
  return [`Disconnected ${from} consumers; the broker rejects them if they reconnect: ${refusedConsumers.join(', ')}`]
}

/** Each command is at the end of its line, so that it can be copied. */
function afterwards({from, id, newSubscription, state, strategy}: MigrationResult): string[] {
  const finish = suggestedCommand('migrate', 'finish', id)
  const autoCreation = 'Automatic subscription creation on the topic stays disabled'
  if (state === 'done') {
    const rollBack = `To roll back: ${suggestedCommand('migrate', 'rollback', id)}`
    if (strategy === 'stop-start') return [rollBack]
    const restriction = newSubscription === null ? `${from} consumers stay blocked` : autoCreation
    return [`${restriction} until you run: ${finish}\n${rollBack}`]
  }
  return state === 'rolled-back' && newSubscription !== null
    ? [`${autoCreation}. Stop the consumers of ${newSubscription}, then run: ${finish}`]
    : []
}

const ACCEPTED = {
  abort: 'Abort accepted.',
  cancel: '',
  cutover: 'Cutover started.',
  postpone: 'Postponed: delivery is not paused before a cutover.',
  rollback: 'Rollback accepted.',
} satisfies Record<RequestResult['verb'], string>

export function renderRequest({id, isAccepted, reason, verb}: RequestResult): string {
  if (verb === 'cancel')
    return isAccepted ? `Request to ${id} canceled.` : `Request to ${id} not canceled: ${reason ?? ''}`
  return `${ACCEPTED[verb]} Follow it with: ${suggestedCommand('migrate', 'status', id, '--watch')}`
}

export function renderCheck({entries, id, lastHash, requests, voidedLines}: JournalCheck): string {
  const ignored =
    voidedLines.length === 0
      ? ''
      : `, ${counted(voidedLines.length, 'ignored line')} of a process that no longer owned the claim`
  return `The journal of ${id} is intact: ${counted(entries, 'entry', 'entries')}, ${counted(requests, 'request')}${ignored}. Last hash: ${lastHash ?? 'none'}`
}

/** @param now what ages are counted from */
const columnsOf = (now: string): ReadonlyArray<Column<MigrationStatus>> => [
  {head: 'id', cell: ({id}) => id},
  {head: 'state', cell: ({state}) => state},
  {head: 'step', cell: ({step}) => step, priority: 2},
  {head: 'topic', cell: ({topic}) => topicText(topic), priority: 4},
  {head: 'subscription', cell: ({subscription}) => subscription, priority: 3},
  {head: 'pause', cell: ({gapMs}) => renderMs(gapMs), priority: 2},
  {head: 'run by', cell: ({runBy}) => runBy, priority: 6},
  {head: 'last heartbeat', cell: ({lastHeartbeat}) => ageText(now, lastHeartbeat), priority: 5},
  {head: 'waiting for', cell: ({waitingFor}) => waitingFor, fit: 'wrap', priority: 2},
]

export function renderMigrations(
  {journal, migrations, unreadable}: MigrationList,
  now: string = new Date().toISOString(),
): string {
  const found = unreadable.length === 0 ? 'migrations' : 'readable migrations'
  if (migrations.length === 0) return `No ${found} found.\n\njournal: ${journal}`
  return [renderTable(columnsOf(now), migrations), migrations.flatMap(nextStep).join('\n'), `journal: ${journal}`]
    .filter((part) => part !== '')
    .join('\n\n')
}

/** One for each journal that could not be read: the list is incomplete without it. */
export function unreadableWarnings({unreadable}: MigrationList): string[] {
  return unreadable.map(({cause, id}) => `the journal of migration ${id} could not be read: ${cause}`)
}

function nextStep({hasRestrictions, id, requests, state, strategy}: MigrationStatus): string[] {
  const pending = requests.map(({at, by, verb}) => `${id}: ${verb} requested by ${by} at ${at}, no answer yet`)
  switch (state) {
    case 'postponed':
      return [
        ...pending,
        `${id} is postponed. To cut over, run: ${suggestedCommand('migrate', 'cutover', id)}`,
        `If the process of ${id} has died, run: ${suggestedCommand('migrate', 'resume', id)}`,
      ]
    case 'rolling-back':
    case 'running':
      return [
        ...pending,
        `${id} is incomplete. If its process has died, run: ${suggestedCommand('migrate', 'resume', id)}`,
      ]
    case 'done':
    case 'rolled-back': {
      const side = state === 'done' ? 'old consumers' : 'new consumers'
      const blocked = strategy === 'blue-green' ? 'automatic subscription creation on the topic' : side
      const finish = suggestedCommand('migrate', 'finish', id)
      return hasRestrictions ? [`${id} still blocks ${blocked}. When verified, run: ${finish}`] : []
    }
    case 'finished':
      return []
  }
}

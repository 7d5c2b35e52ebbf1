import chalk from 'chalk'

import type {RequestResult} from '../../../domain/migration/run/send-request.js'
import type {PreflightFinding} from '../../../domain/migration/preflight/preflight-finding.js'
import type {MigrationPlan} from '../../../domain/migration/plan/plan.js'
import type {MigrationResult} from '../../../domain/migration/run/migration-result.js'
import type {MigrationList, MigrationStatus} from '../../../domain/migration/journal/status.js'
import type {JournalCheck} from '../../../domain/migration/journal/list-migrations.js'
import {renderMs, renderPairs, renderTable} from '../table.js'
import {suggestedCommand} from '../../../suggested-command.js'

export function renderPlan(plan: MigrationPlan): string {
  const head = renderPairs([
    ['topic', plan.topic],
    ['subscription', plan.subscription],
    ['partitions', plan.partitions],
    ['change', `${plan.from} → ${plan.to}, ${plan.strategy}`],
    ...(plan.newSubscription === null ? [] : [['new subscription', plan.newSubscription] as const]),
    ['expected gap', renderExpected(plan)],
    ['cluster', `${plan.cluster}, Pulsar ${plan.brokerVersion}`],
    ['consumers seen', plan.consumersSeen.join(', ') || 'none'],
    ['valid until', plan.expiresAt],
  ])
  const steps = plan.steps.map(({id, title}, at) => `  ${String(at + 1)}. ${chalk.bold(id.padEnd(7))} ${title}`)
  return [head, `Steps:\n${steps.join('\n')}`, renderFindings(plan.findings)].join('\n\n')
}

function renderExpected({expected: {failoverDelayMs, gapMs, redeliveredMessages}, to}: MigrationPlan): string {
  if (gapMs === null) return 'as long as your fleets take to stop and to start'
  const own = `${renderMs(gapMs.low)} to ${renderMs(gapMs.high)} and what the consumers take to acknowledge`
  const delay = to === 'Failover' ? `, and ${renderMs(failoverDelayMs)} of the broker's for Failover` : ''
  return `${own}${delay}; handled again: ${String(redeliveredMessages ?? 'what partitions without a consumer hold unacknowledged')}`
}

function renderFindings(findings: readonly PreflightFinding[]): string {
  if (findings.length === 0) return 'Findings: none.'
  const lines = findings.map(({code, isAccepted, message, severity}) => {
    const level = isAccepted ? 'accepted' : severity
    return `  ${chalk.yellow(level)} ${code}: ${message}`
  })
  return `Findings:\n${lines.join('\n')}`
}

export function renderResult(result: MigrationResult): string {
  const head = renderPairs([
    ['migration', result.id],
    ['state', result.state],
    ['change', `${result.from} → ${result.to}, ${result.strategy}`],
    ['delivery held', renderMs(result.gapMs)],
    ['drained in', renderMs(result.drainMs)],
    ['switched at', result.switchedAt],
  ])
  const rows = result.partitions.map((row) => [row.partition, row.type, row.consumers, row.markDelete])
  return [
    head,
    renderTable(['partition', 'type', 'consumers so far', 'handed over at'], rows),
    renderFindings(result.findings),
    ...renderRefusedConsumers(result),
    ...afterwards(result),
  ].join('\n\n')
}

function renderRefusedConsumers({from, refusedConsumers}: MigrationResult): string[] {
  if (refusedConsumers.length === 0) return []
  return [`Disconnected ${from} consumers, refused if they try again: ${refusedConsumers.join(', ')}`]
}

function afterwards({id, newSubscription, state, strategy}: MigrationResult): string[] {
  if (state === 'done') {
    if (strategy === 'stop-start') return [`To go back: ${suggestedCommand('migrate', 'rollback', id)}`]
    const barrier = newSubscription === null ? 'The fence still stands' : 'The door is still closed'
    return [
      [
        `${barrier}. When all is well: ${suggestedCommand('migrate', 'finish', id)}`,
        `To go back: ${suggestedCommand('migrate', 'rollback', id)}`,
      ].join('\n'),
    ]
  }
  return state === 'rolled-back' && newSubscription !== null
    ? [
        `The door is still closed. Once the fleet of ${newSubscription} is stopped: ${suggestedCommand('migrate', 'finish', id)}`,
      ]
    : []
}

export function renderRequest({id, isAccepted, reason, verb}: RequestResult): string {
  if (verb === 'cancel') return isAccepted ? `Taken back in ${id}.` : `Not taken back in ${id}: ${reason ?? ''}`
  return `${verb} was taken by ${id}. What it does: ${suggestedCommand('migrate', 'status', id, '--watch')}`
}

export function renderCheck({entries, id, lastHash, requests, voidedLines}: JournalCheck): string {
  const voided =
    voidedLines.length === 0 ? '' : `, ${String(voidedLines.length)} void lines of a process that had lost it`
  return `The journal of ${id} is whole: ${String(entries)} entries, ${String(requests)} requests${voided}. Last hash ${lastHash ?? ''}.`
}

const HEAD = ['id', 'state', 'step', 'topic', 'subscription', 'held', 'run by', 'last heartbeat', 'waiting for']

export function renderMigrations({journal, migrations}: MigrationList): string {
  if (migrations.length === 0) return `No migration in ${journal}.`
  const rows = migrations.map((row) => [
    row.id,
    row.state,
    row.step,
    row.topic,
    row.subscription,
    renderMs(row.gapMs),
    row.runBy,
    row.lastHeartbeat,
    row.waitingFor,
  ])
  return [renderTable(HEAD, rows), migrations.flatMap(nextStep).join('\n'), `journal: ${journal}`]
    .filter((part) => part !== '')
    .join('\n\n')
}

function nextStep({id, hasRestrictions, requests, state}: MigrationStatus): string[] {
  const asked = requests.map(({at, by, verb}) => `${id}: ${verb} asked by ${by} at ${at}, not answered yet`)
  switch (state) {
    case 'postponed':
      return [...asked, `${id} waits for: ${suggestedCommand('migrate', 'cutover', id)}`]
    case 'rolling-back':
    case 'running':
      return [...asked, `${id} is not over. If its process is gone: ${suggestedCommand('migrate', 'resume', id)}`]
    case 'done':
    case 'rolled-back':
      return hasRestrictions
        ? [`${id} still keeps a fleet out. When all is well: ${suggestedCommand('migrate', 'finish', id)}`]
        : []
    case 'finished':
      return []
  }
}

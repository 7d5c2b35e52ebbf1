import chalk from 'chalk'

import type {Finding} from '../../domain/migration/findings.js'
import type {MigrationPlan} from '../../domain/migration/plan.js'
import type {MigrationResult} from '../../domain/migration/result.js'
import type {MigrationList, MigrationStatus} from '../../domain/migration/status.js'
import {renderMs, renderPairs, renderTable} from './table.js'

export function renderPlan(plan: MigrationPlan): string {
  const head = renderPairs([
    ['topic', plan.topic],
    ['subscription', plan.subscription],
    ['partitions', plan.partitions],
    ['change', `${plan.from} → ${plan.to}, ${plan.strategy}`],
    ['cluster', `${plan.cluster}, Pulsar ${plan.brokerVersion}`],
    ['consumers seen', plan.consumersSeen.join(', ') || 'none'],
    ['valid until', plan.expiresAt],
  ])
  const steps = plan.steps.map(({id, title}, at) => `  ${String(at + 1)}. ${chalk.bold(id.padEnd(7))} ${title}`)
  return [head, `Steps:\n${steps.join('\n')}`, renderFindings(plan.findings)].join('\n\n')
}

function renderFindings(findings: readonly Finding[]): string {
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
    `The fence still stands. When all is well: keyshift migrate finish ${result.id}`,
  ].join('\n\n')
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

function nextStep({id, isFenced, state}: MigrationStatus): string[] {
  if (state === 'running') return [`${id} is not over. If its process is gone: keyshift migrate resume ${id}`]
  return state === 'done' && isFenced
    ? [`${id} still has its fence. When all is well: keyshift migrate finish ${id}`]
    : []
}

import chalk from 'chalk'

import type {LockRecord, LockVerdict} from '../../domain/locks/classify.js'
import type {LockScan} from '../../domain/locks/collect.js'
import {renderMs, renderTable} from './table.js'

const HEAD = ['verdict', 'key', 'family', 'holder', 'ttl', 'held at least']

export function renderLocks(scan: LockScan): string {
  const {summary} = scan
  const counts = Object.entries(summary.verdicts)
    .filter(([, count]) => count > 0)
    .map(([verdict, count]) => `${String(count)} ${verdict}`)
  const head = `${scan.address}: ${String(summary.locks)} locks match ${scan.pattern}, ${String(scan.scannedKeys)} keys walked`
  if (summary.locks === 0) return head
  const rows = scan.locks.map((lock) => [
    colour(lock.verdict),
    lock.key,
    lock.family,
    holderText(lock),
    lock.ttlMs === null ? 'never expires' : renderMs(lock.ttlMs),
    renderMs(lock.heldAtLeastMs),
  ])
  const notes = summary.touchesIdleTime ? ['reading reset the idle times: this Redis has no CLIENT NO-TOUCH (7.2)'] : []
  return [head, renderTable(HEAD, rows), [counts.join(', '), ...notes].join('\n')].join('\n\n')
}

function holderText({holder, reentrancy}: LockRecord): string {
  if (!holder) return '-'
  const times = reentrancy !== null && reentrancy > 1 ? ` (taken ${String(reentrancy)} times)` : ''
  if (holder.host !== null) return `${holder.host} pid ${String(holder.pid)}${times}`
  return `${holder.token}${times}`
}

function colour(verdict: LockVerdict): string {
  if (verdict === 'healthy') return chalk.green(verdict)
  return verdict === 'no-ttl' ? chalk.red(verdict) : chalk.yellow(verdict)
}

import {Usage} from '../../errors.js'
import type {BacklogReport} from './backlog-report.js'

/** What a script waits for. */
export interface UntilCondition {
  readonly text: string
  readonly isReached: (report: BacklogReport) => boolean
}

const UNITS: Readonly<Record<string, number>> = {ms: 1, s: 1000, m: 60_000, h: 3_600_000}

/**
 * Reads `drained`, every partition is empty; `draining`, the backlog shrinks or is gone; or `age<30s`, no message that waits is
 * older. What is not known is not reached.
 *
 * @throws Usage E_UNTIL
 */
export function parseUntil(text: string): UntilCondition {
  if (text === 'drained') {
    return {text, isReached: ({partitions}) => partitions.every(({verdict}) => verdict === 'empty')}
  }
  if (text === 'draining') {
    return {text, isReached: ({total: {verdict}}) => verdict === 'draining' || verdict === 'empty'}
  }
  const [, amount, unit = ''] = /^age<(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? []
  const most = Number(amount) * (UNITS[unit] ?? Number.NaN)
  if (Number.isNaN(most)) {
    throw new Usage('E_UNTIL', `--until ${text} is not drained, draining, or age<30s`, {data: {until: text}})
  }
  return {
    text,
    isReached: ({partitions}) =>
      partitions.every(({oldestAgeMs, verdict}) => verdict === 'empty' || (oldestAgeMs !== null && oldestAgeMs < most)),
  }
}

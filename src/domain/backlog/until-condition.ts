import {Usage} from '../../errors.js'
import type {BacklogReport} from './backlog-report.js'

/** The condition of `backlog watch --until`. */
export interface UntilCondition {
  readonly text: string
  /** what to report when it is not met in time: `backlog not drained` */
  readonly missedText: string
  readonly isMet: (report: BacklogReport) => boolean
}

const UNITS: Readonly<Record<string, number>> = {ms: 1, s: 1000, m: 60_000, h: 3_600_000}

/**
 * Parses `drained` (every partition is empty), `draining` (the backlog shrinks or is empty) or `age<30s` (every unacked
 * message is younger). An unknown value does not meet the condition.
 *
 * @throws Usage E_UNTIL
 */
export function parseUntil(text: string): UntilCondition {
  if (text === 'drained') {
    return {
      text,
      missedText: 'backlog not drained',
      isMet: ({partitions}) => partitions.every(({verdict}) => verdict === 'empty'),
    }
  }
  if (text === 'draining') {
    return {
      text,
      missedText: 'backlog not draining',
      isMet: ({total: {verdict}}) => verdict === 'draining' || verdict === 'empty',
    }
  }
  const [, amount, unit = ''] = /^age<(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? []
  const most = Number(amount) * (UNITS[unit] ?? Number.NaN)
  if (Number.isNaN(most)) {
    throw new Usage('E_UNTIL', `--until ${text} is not valid; use drained, draining or an age such as age<30s`, {
      data: {until: text},
    })
  }
  return {
    text,
    missedText: `oldest message not younger than ${text.slice('age<'.length)}`,
    isMet: ({partitions}) =>
      partitions.every(({oldestAgeMs, verdict}) => verdict === 'empty' || (oldestAgeMs !== null && oldestAgeMs < most)),
  }
}

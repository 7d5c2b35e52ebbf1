import {isAtLeast, type Severity} from '../../../severity.js'

/** What can be said of a lock, the worst first; a lock can deserve several. */
export const LOCK_VERDICTS = [
  'key-stalled',
  'wrong-consumer',
  'orphaned',
  'no-ttl',
  'duplicate-holder',
  'zombie-renewal',
  'not-renewed',
  'not-a-consumer',
  'disconnected-waiter',
  'held-too-long',
  'ttl-too-long',
  'contended',
  'wrong-type',
  'orphaned-companion',
  'redlock-minority',
  'unknown-format',
  'constant-token',
  'healthy',
] as const
export type LockVerdict = (typeof LOCK_VERDICTS)[number]

/** `error` needs somebody now; `warn` heals by itself or may be meant; `info` is good to know. Null: nothing is wrong. */
const SEVERITY: Readonly<Record<LockVerdict, Severity | null>> = {
  'no-ttl': 'error',
  'key-stalled': 'error',
  'wrong-consumer': 'error',
  orphaned: 'error',
  'duplicate-holder': 'error',
  'zombie-renewal': 'error',
  'not-renewed': 'warn',
  'not-a-consumer': 'warn',
  'disconnected-waiter': 'warn',
  'held-too-long': 'warn',
  'ttl-too-long': 'warn',
  contended: 'warn',
  'wrong-type': 'warn',
  'orphaned-companion': 'info',
  'redlock-minority': 'info',
  'unknown-format': 'info',
  'constant-token': 'info',
  healthy: null,
}

/** Whether a verdict is as bad as a level. */
export function isAsBadAs(verdict: LockVerdict, level: Severity): boolean {
  const severity = SEVERITY[verdict]
  return severity !== null && isAtLeast(severity, level)
}

/** The worst first; `healthy` where there is none. */
export function sortedVerdicts(found: readonly LockVerdict[]): [LockVerdict, ...LockVerdict[]] {
  const [first = 'healthy', ...rest] = LOCK_VERDICTS.filter((verdict) => found.includes(verdict))
  return [first, ...rest]
}

/** Worse is less. */
export function compareVerdicts(a: LockVerdict, b: LockVerdict): number {
  return LOCK_VERDICTS.indexOf(a) - LOCK_VERDICTS.indexOf(b)
}

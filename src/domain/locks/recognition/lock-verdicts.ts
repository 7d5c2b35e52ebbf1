import {isAtLeast, type Severity} from '../../../severity.js'

/** The verdicts on a lock, the worst first. A lock can have several. */
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
  'past-time',
  'not-seen-renewed',
  'unknown-format',
  'constant-token',
  'healthy',
] as const
export type LockVerdict = (typeof LOCK_VERDICTS)[number]

/** `error` needs an operator now; `warn` resolves on its own or may be intended; `info` is a note. Null: no problem. */
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
  'past-time': 'info',
  'not-seen-renewed': 'info',
  'unknown-format': 'info',
  'constant-token': 'info',
  healthy: null,
}

/** Whether the severity of a verdict is at or above a level. */
export function isAtOrAbove(verdict: LockVerdict, level: Severity): boolean {
  const severity = SEVERITY[verdict]
  return severity !== null && isAtLeast(severity, level)
}

/** Sorted with the worst first; `healthy` when the list is empty. */
export function sortedVerdicts(found: readonly LockVerdict[]): [LockVerdict, ...LockVerdict[]] {
  const [first = 'healthy', ...rest] = LOCK_VERDICTS.filter((verdict) => found.includes(verdict))
  return [first, ...rest]
}

/** Sorts the worst verdict first. */
export function compareVerdicts(a: LockVerdict, b: LockVerdict): number {
  return LOCK_VERDICTS.indexOf(a) - LOCK_VERDICTS.indexOf(b)
}

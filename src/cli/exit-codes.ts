import {Blocked, Conflict, Interrupted, KeyshiftError, Pending, Unreachable, Usage} from '../errors.js'

/** The one table of exit codes; `keyshift help exit-codes` prints it, and no other number leaves the process. */
export const EXIT_CODES = [
  {code: 0, name: 'done', meaning: 'the command did what was asked'},
  {code: 2, name: 'usage', meaning: 'the command line or an input file can not be understood'},
  {code: 3, name: 'blocked', meaning: 'a precondition does not hold; nothing was changed'},
  {
    code: 4,
    name: 'unreachable',
    meaning: 'broker or Redis unreachable, login refused, or no such topic or subscription',
  },
  {code: 5, name: 'conflict', meaning: 'plan, journal or claim disagree with the cluster'},
  {code: 8, name: 'pending', meaning: 'stopped while waiting; the state is safe and can be resumed'},
  {code: 10, name: 'findings', meaning: 'findings at or above the level given with --fail-on'},
  {code: 70, name: 'bug', meaning: 'a defect in keyshift'},
  {code: 130, name: 'interrupted', meaning: 'interrupted by the operator; the journal is closed'},
] as const

export type ExitName = (typeof EXIT_CODES)[number]['name']

const KINDS: ReadonlyArray<readonly [abstract new (...args: never[]) => KeyshiftError, ExitName]> = [
  [Usage, 'usage'],
  [Blocked, 'blocked'],
  [Unreachable, 'unreachable'],
  [Conflict, 'conflict'],
  [Pending, 'pending'],
  [Interrupted, 'interrupted'],
]

/** The number that stands for a name in the table. */
export function exitCode(name: ExitName): number {
  return EXIT_CODES.find((row) => row.name === name)?.code ?? 70
}

/** The exit code of an error: by its class, never by its text. */
export function exitCodeOf(error: unknown): number {
  const kind = KINDS.find(([constructor]) => error instanceof constructor)
  return exitCode(kind?.[1] ?? 'bug')
}

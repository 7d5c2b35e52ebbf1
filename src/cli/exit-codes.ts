import {Blocked, Conflict, Interrupted, KeyshiftError, Pending, Unreachable, Usage} from '../errors.js'

/** The only table of exit codes. `keyshift help exit-codes` prints it; the process never exits with another code. */
export const EXIT_CODES = [
  {code: 0, name: 'done', meaning: 'the command completed'},
  {code: 2, name: 'usage', meaning: 'invalid arguments or input file'},
  {code: 3, name: 'blocked', meaning: 'a precondition is not met; nothing was changed'},
  {
    code: 4,
    name: 'unreachable',
    meaning: 'broker or Redis unreachable, login refused, or topic or subscription not found',
  },
  {code: 5, name: 'conflict', meaning: 'plan, journal or claim conflicts with the cluster state'},
  {
    code: 8,
    name: 'pending',
    meaning: 'timed out or stopped while waiting; the state is safe and the command can be resumed',
  },
  {code: 10, name: 'findings', meaning: 'findings at or above the severity of --fail-on'},
  {code: 70, name: 'bug', meaning: 'internal error (a defect in keyshift)'},
  {code: 130, name: 'interrupted', meaning: 'interrupted (Ctrl-C, SIGTERM or a closed terminal) or not confirmed'},
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

/** The exit code of a name in the table. */
export function exitCode(name: ExitName): number {
  return EXIT_CODES.find((row) => row.name === name)?.code ?? 70
}

/** The exit code of an error: by its class, never by its text. */
export function exitCodeOf(error: unknown): number {
  const kind = KINDS.find(([constructor]) => error instanceof constructor)
  return exitCode(kind?.[1] ?? 'bug')
}

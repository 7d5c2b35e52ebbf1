/**
 * The details of an error besides its message. `data` is for programs, `next` lists what the operator can run or do next.
 */
export interface ErrorDetails {
  readonly data?: Readonly<Record<string, unknown>>
  readonly next?: readonly string[]
  readonly cause?: unknown
}

/**
 * Every expected failure. Callers and tests match on `code`, never on text. The message names what is wrong, where, and
 * the number that shows it; it never contains a password or a token. Anything thrown that is not a KeyshiftError is a
 * bug.
 */
export abstract class KeyshiftError extends Error {
  readonly code: string
  readonly data: Readonly<Record<string, unknown>>
  readonly next: readonly string[]

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : {cause: details.cause})
    this.name = new.target.name
    this.code = code
    this.data = details.data ?? {}
    this.next = details.next ?? []
  }
}

/** Invalid arguments or input file. */
export class Usage extends KeyshiftError {}

/** A precondition is not met; nothing was changed. */
export class Blocked extends KeyshiftError {}

/** Broker or Redis is not reachable, refuses the login, or does not contain the requested topic or subscription. */
export class Unreachable extends KeyshiftError {}

/** Plan, journal or claim conflicts with the cluster state. */
export class Conflict extends KeyshiftError {}

/** Stopped or timed out while waiting; the state is safe and can be resumed. */
export class Pending extends KeyshiftError {}

/** Interrupted or not confirmed. */
export class Interrupted extends KeyshiftError {}

/**
 * An answer that lacks a part, for a command with a flag that does not accept that.
 *
 * @param answer such as `list`.
 * @param flag the flag that does not accept it, such as `--strict`.
 */
export function incomplete(
  answer: string,
  gap: string,
  flag: string,
  data: Readonly<Record<string, unknown>>,
): Unreachable {
  return new Unreachable('E_INCOMPLETE', `the ${answer} is incomplete: ${gap}`, {
    data,
    next: [`omit ${flag} to list what was found`],
  })
}

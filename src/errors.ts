/** What an error carries beside its message. `data` is for programs, `next` is what a person types now. */
export interface ErrorDetails {
  readonly data?: Readonly<Record<string, unknown>>
  readonly next?: readonly string[]
  readonly cause?: unknown
}

/**
 * Every failure that keyshift foresees. Callers and tests match on `code`, never on text. The message says what, where
 * and how many; it never holds a password or a token. Anything thrown that is not a KeyshiftError is a bug.
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

/** The command line or an input file can't be understood. */
export class Usage extends KeyshiftError {}

/** The world is reachable but a precondition does not hold; nothing was changed. */
export class Blocked extends KeyshiftError {}

/** Broker or Redis can't be reached, refuses the login, or does not have what was asked for. */
export class Unreachable extends KeyshiftError {}

/** Journal, plan or claim disagree with the cluster. */
export class Conflict extends KeyshiftError {}

/** Stopped while waiting; the state is safe and can be resumed. */
export class Pending extends KeyshiftError {}

/** The operator interrupted; the journal is closed. */
export class Interrupted extends KeyshiftError {}

import {once} from 'node:events'

/** The reader of standard output, such as `head`, has exited; the command then ends without an error. */
export class PipeClosed extends Error {}

/** Whether a write failed because its reader has exited, or its terminal was closed (EIO). */
export function isReaderGone(error: unknown): boolean {
  return ['EIO', 'EPIPE'].includes((error as NodeJS.ErrnoException).code ?? '')
}

/** Writes lines to standard output at the reader's pace. */
export class StdoutWriter {
  private readonly gone = new AbortController()

  constructor() {
    process.stdout.on('error', (error: Error) => {
      if (!isReaderGone(error)) throw error
      this.gone.abort(new PipeClosed())
    })
  }

  /** Aborted with PipeClosed. */
  get readerGone(): AbortSignal {
    return this.gone.signal
  }

  async write(text: string): Promise<void> {
    const {stdout} = process
    if (this.gone.signal.aborted || stdout.write(text)) return
    const waiting = new AbortController()
    const {signal} = waiting
    await Promise.race([once(stdout, 'drain', {signal}), once(stdout, 'close', {signal})]).catch(() => undefined)
    waiting.abort() // otherwise each wait would leave its listener for the other event
  }
}

/**
 * Ignores that a reader such as `head` exits before everything is written, or that the terminal is closed. From then on
 * output is dropped without an error, and the command runs to its end, because it may be changing a cluster. Must run before
 * anything is written.
 *
 * @returns a promise that resolves when the reader of standard output has exited; a write that is waited for never
 *   finishes then
 */
export function ignoreClosedPipes(): Promise<void> {
  const {promise, resolve} = Promise.withResolvers<undefined>()
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: Error) => {
      if (!isReaderGone(error)) throw error
      if (stream === process.stdout) resolve(undefined)
    })
  }
  return promise
}

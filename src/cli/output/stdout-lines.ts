import {once} from 'node:events'

/** The reader of standard output has seen enough, such as `head`: a command that ends by it ends in silence. */
export class ReaderGone extends Error {}

/** Writes lines to standard output at the reader's pace. */
export class LineWriter {
  private readonly gone = new AbortController()

  constructor() {
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      this.gone.abort(new ReaderGone())
    })
  }

  /** Aborted with ReaderGone. */
  get readerGone(): AbortSignal {
    return this.gone.signal
  }

  async write(text: string): Promise<void> {
    const {stdout} = process
    if (this.gone.signal.aborted || stdout.write(text)) return
    const waiting = new AbortController()
    const {signal} = waiting
    await Promise.race([once(stdout, 'drain', {signal}), once(stdout, 'close', {signal})]).catch(() => undefined)
    waiting.abort() // else each wait would leave its listener for the other event
  }
}

/**
 * A reader may leave before everything is written, such as `head`. From then on output is dropped, in silence: the command goes
 * on to its end, because it may be changing a cluster. Has to run before anything is written.
 *
 * @returns a promise that is kept once the reader of standard output has left; what waits for a write to finish waits in vain
 */
export function ignoreClosedPipes(): Promise<void> {
  const {promise, resolve} = Promise.withResolvers<undefined>()
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      if (stream === process.stdout) resolve(undefined)
    })
  }
  return promise
}

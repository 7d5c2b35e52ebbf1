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

/** A signal that is aborted by Ctrl-C or SIGTERM, so that the command can clean up and exit, until it is closed. */
export function interruptible(): {readonly signal: AbortSignal; close(): Promise<void>} {
  const control = new AbortController()
  const onSignal = (): void => {
    control.abort()
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  return {
    signal: control.signal,
    close() {
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
      return Promise.resolve()
    },
  }
}

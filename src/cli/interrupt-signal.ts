/** Ctrl-C as a wish to end soon and to leave nothing behind, until it is closed. */
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

/** SIGHUP comes when the terminal is closed, also by a lost SSH connection. */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Calls a listener for each signal that asks the process to stop. @returns removes the listener. */
export function onStopSignal(listener: () => void): () => void {
  for (const signal of STOP_SIGNALS) process.on(signal, listener)
  return () => {
    for (const signal of STOP_SIGNALS) process.off(signal, listener)
  }
}

/** A signal that is aborted when the process is asked to stop, so that the command can clean up and exit, until it is closed. */
export function interruptible(): {readonly signal: AbortSignal; close(): Promise<void>} {
  const control = new AbortController()
  const remove = onStopSignal(() => {
    control.abort()
  })
  return {
    signal: control.signal,
    close() {
      remove()
      return Promise.resolve()
    },
  }
}

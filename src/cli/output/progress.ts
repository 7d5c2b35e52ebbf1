import {ux} from '@oclif/core/ux'

/** What goes on, for people: on stderr, and only when that is a terminal. */
export class Progress {
  private readonly isShown = process.stderr.isTTY

  /** A line that stays. */
  readonly say = (text: string): void => {
    if (!this.isShown) return
    this.stop()
    process.stderr.write(`${text}\n`)
  }

  /** A line that moves until the next one, or stop(). */
  readonly busy = (action: string, status: string): void => {
    if (!this.isShown) return
    if (ux.action.running) ux.action.status = status
    else ux.action.start(action, status)
  }

  stop(): void {
    if (ux.action.running) ux.action.stop()
  }
}

import {ux} from '@oclif/core/ux'

import {printable} from '../../printable.js'
import {textFor} from './text-for.js'

/** Interval of status lines where stderr is not a terminal. */
const LINE_EVERY_MS = 10_000

/** Progress for the user, on stderr. Most of it is shown only on a terminal; a run that changes a cluster also logs its events. */
export class Progress {
  private readonly isShown = process.stderr.isTTY
  private lastAction = ''
  private lastLineAt = 0

  /** A permanent line. */
  readonly line = (text: string): void => {
    if (!this.isShown) return
    this.stop()
    process.stderr.write(`${textFor(process.stderr, text)}\n`)
  }

  /** A line that is also written where stderr is not a terminal, so that the log of a script contains it. */
  readonly event = (text: string): void => {
    this.stop()
    process.stderr.write(`${textFor(process.stderr, text)}\n`)
  }

  /**
   * Updates the status line on a terminal; otherwise writes a line for each new action, and one every 10 s while it
   * lasts.
   */
  readonly status = (action: string, status: string): void => {
    if (this.isShown) {
      this.liveStatus(action, status)
      return
    }
    if (action === this.lastAction && Date.now() - this.lastLineAt < LINE_EVERY_MS) return
    this.lastAction = action
    this.lastLineAt = Date.now()
    process.stderr.write(`${printable(`${action}: ${status}`)}\n`)
  }

  /** A status line that is replaced by the next one, and removed by stop(). */
  readonly liveStatus = (action: string, status: string): void => {
    if (!this.isShown) return
    if (ux.action.running) ux.action.status = printable(status)
    else ux.action.start(printable(action), printable(status))
  }

  stop(): void {
    if (ux.action.running) ux.action.stop()
  }
}

import {once} from 'node:events'

/** Writes lines to standard output at the reader's pace; a reader that has seen enough, such as `head`, ends it in silence. */
export class LineWriter {
  private isOpen = true

  constructor() {
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      this.isOpen = false
    })
  }

  async write(text: string): Promise<void> {
    const {stdout} = process
    if (!this.isOpen || stdout.write(text)) return
    const waiting = new AbortController()
    const {signal} = waiting
    await Promise.race([once(stdout, 'drain', {signal}), once(stdout, 'close', {signal})]).catch(() => undefined)
    waiting.abort() // else each wait would leave its listener for the other event
  }
}

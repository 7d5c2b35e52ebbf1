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
    if (!this.isOpen || process.stdout.write(text)) return
    await Promise.race([once(process.stdout, 'drain'), once(process.stdout, 'close')]).catch(() => undefined)
  }
}

import {createHash} from 'node:crypto'
import {mkdir, readdir, readFile, rm, stat} from 'node:fs/promises'
import {join} from 'node:path'

import {replaceFile} from './replace-file.js'

/** Long enough for one interactive session at the prompt; a topic created in the meantime appears after it. */
const GOOD_FOR_MS = 30_000

/**
 * Names that one completion leaves for the next. One file per query, readable by its owner only. Its name is a digest of
 * the query, the cluster and the login.
 */
export class NameCache {
  private readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  /** Returns null when there are no names, or no fresh ones. */
  async get(question: readonly unknown[]): Promise<string[] | null> {
    try {
      const path = this.pathOf(question)
      if (!isFresh((await stat(path)).mtimeMs)) return null
      const names: unknown = JSON.parse(await readFile(path, 'utf8'))
      return Array.isArray(names) && names.every((name) => typeof name === 'string') ? names : null
    } catch {
      return null // the broker is queried again
    }
  }

  /** Stores names and removes old files. Where the folder is not writable, nothing is stored. */
  async put(question: readonly unknown[], names: readonly string[]): Promise<void> {
    try {
      await mkdir(this.folder, {recursive: true, mode: 0o700})
      await replaceFile(this.pathOf(question), [JSON.stringify(names)])
      await Promise.all((await readdir(this.folder)).map((file) => this.removeOld(join(this.folder, file))))
    } catch {
      // each completion queries the broker then
    }
  }

  private async removeOld(path: string): Promise<void> {
    if (!isFresh((await stat(path)).mtimeMs)) await rm(path, {force: true})
  }

  private pathOf(question: readonly unknown[]): string {
    return join(this.folder, `${createHash('sha256').update(JSON.stringify(question)).digest('hex')}.json`)
  }
}

/** A file from the future means that the clock was set back. */
function isFresh(writtenAtMs: number): boolean {
  return Math.abs(Date.now() - writtenAtMs) <= GOOD_FOR_MS
}

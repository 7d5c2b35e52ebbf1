import {createHash} from 'node:crypto'
import {mkdir, readdir, readFile, rm, stat} from 'node:fs/promises'
import {join} from 'node:path'

import {replaceFile} from './replace-file.js'

/** A person types on within this; who made a topic meanwhile can wait for it. */
const GOOD_FOR_MS = 30_000

/**
 * Names that one completion hands on to the next. One file for each question, for its owner alone, named by a digest of what was
 * asked, where and as whom.
 */
export class NameCache {
  private readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  /** null when there are none, or none that are fresh. */
  async get(question: readonly unknown[]): Promise<string[] | null> {
    try {
      const path = this.pathOf(question)
      if (!isFresh((await stat(path)).mtimeMs)) return null
      const names: unknown = JSON.parse(await readFile(path, 'utf8'))
      return Array.isArray(names) && names.every((name) => typeof name === 'string') ? names : null
    } catch {
      return null // it is asked again
    }
  }

  /** Keeps names, and removes what is old. Where nothing can be written, nothing is kept. */
  async put(question: readonly unknown[], names: readonly string[]): Promise<void> {
    try {
      await mkdir(this.folder, {recursive: true, mode: 0o700})
      await replaceFile(this.pathOf(question), [JSON.stringify(names)])
      await Promise.all((await readdir(this.folder)).map((file) => this.removeOld(join(this.folder, file))))
    } catch {
      // each completion asks for itself then
    }
  }

  private async removeOld(path: string): Promise<void> {
    if (!isFresh((await stat(path)).mtimeMs)) await rm(path, {force: true})
  }

  private pathOf(question: readonly unknown[]): string {
    return join(this.folder, `${createHash('sha256').update(JSON.stringify(question)).digest('hex')}.json`)
  }
}

/** A file of the future is a clock that was put back. */
function isFresh(writtenAtMs: number): boolean {
  return Math.abs(Date.now() - writtenAtMs) <= GOOD_FOR_MS
}

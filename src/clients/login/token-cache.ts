import {createHash} from 'node:crypto'
import {mkdir, readFile, rm} from 'node:fs/promises'
import {join} from 'node:path'

import {replaceFile} from '../files/replace-file.js'

export interface CachedToken {
  readonly token: string
  /** epoch ms; shortly before it ends */
  readonly goodUntilMs: number
}

/**
 * Tokens that commands hand on to each other, for a token server counts, limits or bills each one that it makes. One file
 * each, for its owner alone, named by a digest of whom it is for.
 */
export class TokenCache {
  private readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  /** null when there is none that can be read. */
  async get(owner: readonly string[]): Promise<CachedToken | null> {
    try {
      const {goodUntilMs, token} = JSON.parse(await readFile(this.pathOf(owner), 'utf8')) as Partial<CachedToken>
      return typeof token === 'string' && typeof goodUntilMs === 'number' ? {token, goodUntilMs} : null
    } catch {
      return null // the next one is asked for instead
    }
  }

  /** Where nothing can be written, nothing is kept. */
  async put(owner: readonly string[], token: CachedToken): Promise<void> {
    try {
      await mkdir(this.folder, {recursive: true, mode: 0o700})
      await replaceFile(this.pathOf(owner), [JSON.stringify(token)])
    } catch {
      // each command asks for its own then
    }
  }

  async drop(owner: readonly string[]): Promise<void> {
    await rm(this.pathOf(owner), {force: true})
  }

  private pathOf(owner: readonly string[]): string {
    return join(this.folder, `${createHash('sha256').update(JSON.stringify(owner)).digest('hex')}.json`)
  }
}

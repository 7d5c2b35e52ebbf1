import {createHash} from 'node:crypto'
import {mkdir, readFile, rm} from 'node:fs/promises'
import {join} from 'node:path'

import {replaceFile} from '../files/replace-file.js'

export interface CachedToken {
  readonly token: string
  /** epoch ms; shortly before it expires */
  readonly goodUntilMs: number
}

/**
 * Tokens that commands reuse, because a token server may count, limit or bill each token. One file per token, readable by
 * its owner only. Its name is a digest of the client and audience.
 */
export class TokenCache {
  private readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  /** Returns null when there is no readable token. */
  async get(owner: readonly string[]): Promise<CachedToken | null> {
    try {
      const {goodUntilMs, token} = JSON.parse(await readFile(this.pathOf(owner), 'utf8')) as Partial<CachedToken>
      return typeof token === 'string' && typeof goodUntilMs === 'number' ? {token, goodUntilMs} : null
    } catch {
      return null // a new token is requested instead
    }
  }

  /** Where the folder is not writable, nothing is stored. */
  async put(owner: readonly string[], token: CachedToken): Promise<void> {
    try {
      await mkdir(this.folder, {recursive: true, mode: 0o700})
      await replaceFile(this.pathOf(owner), [JSON.stringify(token)])
    } catch {
      // each command requests its own token then
    }
  }

  async drop(owner: readonly string[]): Promise<void> {
    await rm(this.pathOf(owner), {force: true})
  }

  private pathOf(owner: readonly string[]): string {
    return join(this.folder, `${createHash('sha256').update(JSON.stringify(owner)).digest('hex')}.json`)
  }
}

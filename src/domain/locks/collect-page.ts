import type {Redis} from 'ioredis'

import {type ScannedPage, scanByScript} from '../../clients/redis/scan-script.js'
import {type ExpiryCommand, rawLock, readLocks, type ReadKeys} from './collect-read.js'

export interface Page {
  /** where the next one begins; `0` after the last */
  readonly cursor: string
  /** about how many keys of the server it walked */
  readonly walked: number
  readonly read: ReadKeys
}

export interface PageOptions {
  readonly pattern: string
  readonly expiry: ExpiryCommand
  readonly avoidsScripts: boolean
  /** which keys to look at */
  readonly accepts: (key: Buffer) => boolean
}

/** SCAN's hint: at 1000 a call takes under 1 ms of the server; more only makes the stall longer. */
const MOST_KEYS = 1000
const FEWEST_KEYS = 50
/** So many keys are read in about a millisecond of the server, and a script lets nobody in between. */
const READ_AT_ONCE = 250

/** Reads one server page by page: by a script where there may be one, else by pipelines, which take longer. */
export class PageReader {
  private readonly redis: Redis
  private readonly options: PageOptions
  private usesScript: boolean
  private count = READ_AT_ONCE

  constructor(redis: Redis, options: PageOptions) {
    this.redis = redis
    this.options = options
    this.usesScript = !options.avoidsScripts && options.expiry === 'pexpiretime'
  }

  async next(cursor: string): Promise<Page> {
    const page = this.usesScript ? await this.byScript(cursor) : null
    return page ?? this.byPipelines(cursor)
  }

  /** @returns null where this page can't be read so. */
  private async byScript(cursor: string): Promise<Page | null> {
    const {accepts, pattern} = this.options
    let page: ScannedPage
    try {
      page = await scanByScript(this.redis, {cursor, pattern, count: this.count})
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      if (MAY_NOT.test(message)) this.usesScript = false
      else if (!NOT_THIS_PAGE.test(message)) throw error
      return null
    }
    const walked = this.count
    this.count = Math.min(
      MOST_KEYS,
      Math.max(FEWEST_KEYS, Math.floor((this.count * READ_AT_ONCE) / Math.max(1, page.rows.length))),
    )
    const locks = page.rows
      .filter(({key, type}) => type !== 'none' && accepts(key))
      .map((row) => rawLock(row, page.atMs))
    return {cursor: page.cursor, walked, read: {locks, moved: [], unreadable: []}}
  }

  private async byPipelines(cursor: string): Promise<Page> {
    const {accepts, expiry, pattern} = this.options
    const [next, keys] = await this.redis.scanBuffer(cursor, 'MATCH', pattern, 'COUNT', MOST_KEYS)
    return {cursor: next.toString(), walked: MOST_KEYS, read: await readLocks(this.redis, keys.filter(accepts), expiry)}
  }
}

/** What a server says that has no such scripts, or to a login that may run none, or not these commands. */
const MAY_NOT = /NOPERM|can't run this command|ACL failure|unknown command/i
/** A key on its way to another server of the cluster, or one that this login may not read. */
const NOT_THIS_PAGE = /non local key|No permissions to access a key|can't access at least one of the keys/i

import type {Redis} from 'ioredis'

import {scanByScript, type ScannedPage} from '../../../clients/redis/scan-script.js'
import {type ExpiryCommand, readKeys, type ReadKeys, sampledKey} from '../reading/collect-keys.js'
import type {ScanRate} from './scan-rate.js'
import {printable} from '../reading/sampled-key.js'
import {messageOf} from '../../../wording.js'

export interface Page {
  /** where the next one begins; `0` after the last */
  readonly cursor: string
  /** about how many keys of the server it walked */
  readonly walked: number
  /** how many of them matched, and were read */
  readonly keys: number
  /** What they are; worked out only now, so that the server has the next page to do meanwhile. */
  readonly read: () => ReadKeys
}

export interface PageOptions {
  readonly pattern: string
  readonly expiry: ExpiryCommand
  readonly avoidsScripts: boolean
  /** which keys to look at */
  readonly accepts: (key: Buffer, name: string) => boolean
  readonly rate: ScanRate
}

const FEWEST_KEYS = 10

/** Reads one server page by page: by a script where there may be one, else by pipelines, which take longer. */
export class PageReader {
  private readonly redis: Redis
  private readonly options: PageOptions
  private usesScript: boolean
  private count: number

  constructor(redis: Redis, options: PageOptions) {
    this.redis = redis
    this.options = options
    this.usesScript = !options.avoidsScripts && options.expiry === 'pexpiretime'
    this.count = options.rate.size.read
  }

  /** All pages; while one is looked at, the next one is on its way. */
  async *pages(): AsyncGenerator<Page> {
    let coming = this.next('0')
    for (;;) {
      const page = await coming
      if (page.cursor === '0') {
        yield page
        return
      }
      coming = this.next(page.cursor)
      coming.catch(() => undefined) // it is awaited in the next round, if there is one
      yield page
    }
  }

  private next(cursor: string): Promise<Page> {
    return this.options.rate.turn(async () => {
      const page = (this.usesScript ? await this.byScript(cursor) : null) ?? (await this.byPipelines(cursor))
      // As many more as make the next one read about as many as it should: a server lets nobody in between.
      const {read, walked} = this.options.rate.size
      const wanted = Math.floor((this.count * read) / Math.max(1, page.keys))
      this.count = Math.min(walked, Math.max(FEWEST_KEYS, wanted))
      return page
    })
  }

  /** @returns null where this page can't be read so. */
  private async byScript(cursor: string): Promise<Page | null> {
    const {accepts, pattern} = this.options
    let page: ScannedPage
    try {
      page = await scanByScript(this.redis, {cursor, pattern, count: this.count})
    } catch (error) {
      const message = messageOf(error)
      if (MAY_NOT.test(message)) this.usesScript = false
      else if (!NOT_THIS_PAGE.test(message)) throw error
      return null
    }
    const {atMs, rows} = page
    const read = (): ReadKeys => ({
      keys: rows.flatMap((row) => {
        const name = printable(row.key)
        return row.type !== 'none' && accepts(row.key, name) ? [sampledKey(row, name, atMs)] : []
      }),
      moved: [],
      unreadable: [],
    })
    return {cursor: page.cursor, walked: this.count, keys: rows.length, read}
  }

  private async byPipelines(cursor: string): Promise<Page> {
    const {accepts, expiry, pattern} = this.options
    const [next, keys] = await this.redis.scanBuffer(cursor, 'MATCH', pattern, 'COUNT', this.count)
    const read = await readKeys(
      this.redis,
      keys.filter((key) => accepts(key, printable(key))),
      expiry,
    )
    return {cursor: next.toString(), walked: this.count, keys: keys.length, read: () => read}
  }
}

/** What a server says that has no such scripts, or to a login that may run none, or not these commands. */
const MAY_NOT = /NOPERM|can't run this command|ACL failure|unknown command/i
/** A key on its way to another server of the cluster, or one that this login may not read. */
const NOT_THIS_PAGE = /non local key|No permissions to access a key|can't access at least one of the keys/i

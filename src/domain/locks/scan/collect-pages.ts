import type {Redis} from 'ioredis'

import {scanByScript, type ScannedPage} from '../../../clients/redis/scan-script.js'
import {type ExpiryCommand, readKeys, type ReadKeys, sampledKey} from '../reading/collect-keys.js'
import type {ScanRate} from './scan-rate.js'
import {printable} from '../reading/sampled-key.js'
import {messageOf} from '../../../wording.js'

export interface Page {
  /** cursor of the next page; `0` after the last */
  readonly cursor: string
  /** approximate number of keys that SCAN examined */
  readonly walked: number
  /** number of matching keys, which were read */
  readonly keys: number
  /** Decodes the page. Called late, so that the server already works on the next page. */
  readonly read: () => ReadKeys
}

export interface PageOptions {
  readonly pattern: string
  readonly expiry: ExpiryCommand
  readonly avoidsScripts: boolean
  /** which keys to read */
  readonly accepts: (key: Buffer, name: string) => boolean
  readonly rate: ScanRate
}

const FEWEST_KEYS = 10

/** Reads one server page by page, with a script where scripts are allowed and with pipelines, which are slower, otherwise. */
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

  /** All pages. The next page is requested while the caller processes the current one. */
  async *pages(): AsyncGenerator<Page> {
    let coming = this.next('0')
    for (;;) {
      const page = await coming
      if (page.cursor === '0') {
        yield page
        return
      }
      coming = this.next(page.cursor)
      coming.catch(() => undefined) // the error is reported when the page is awaited
      yield page
    }
  }

  private next(cursor: string): Promise<Page> {
    return this.options.rate.turn(async () => {
      const page = (this.usesScript ? await this.byScript(cursor) : null) ?? (await this.byPipelines(cursor))
      // A page blocks the server while it is read, so COUNT is adapted until a page has about `read` matching keys.
      const {read, walked} = this.options.rate.size
      const wanted = Math.floor((this.count * read) / Math.max(1, page.keys))
      this.count = Math.min(walked, Math.max(FEWEST_KEYS, wanted))
      return page
    })
  }

  /** @returns null when this page cannot be read with a script. */
  private async byScript(cursor: string): Promise<Page | null> {
    const {accepts, pattern} = this.options
    let page: ScannedPage
    try {
      page = await scanByScript(this.redis, {cursor, pattern, count: this.count})
    } catch (error) {
      const message = messageOf(error)
      if (SCRIPT_REFUSED.test(message)) this.usesScript = false
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

/** Error messages of a server without read-only scripts, or for a login that lacks a right for the script. */
const SCRIPT_REFUSED = /NOPERM|can't run this command|ACL failure|unknown command/i
/** Error messages for a key that is migrating to another node, or that this login cannot read. */
const NOT_THIS_PAGE = /non local key|No permissions to access a key|can't access at least one of the keys/i

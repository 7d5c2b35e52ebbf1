import type {RedisConnection} from '../../../clients/redis/connect.js'
import {readKeys, stopTouching} from '../reading/collect-keys.js'
import {withRedlockState} from './redlock-quorum.js'
import {bytesOf, printable} from '../reading/sampled-key.js'
import type {LockRecord} from '../recognition/lock-record.js'
import {messageOf} from '../../../wording.js'

/** One of the independent servers of a Redlock. */
export interface RedlockServer {
  /** without user and password, for output */
  readonly address: string
  /** null when the server is not reachable */
  readonly connection: RedisConnection | null
  /** why it is not reachable; null when it is */
  readonly cause: string | null
}

/** Looks up the locks of one server on the others. */
export class RedlockServers {
  /** why a server could not be queried, by its address */
  readonly failures = new Map<string, string>()
  private readonly servers: readonly RedlockServer[]

  private constructor(servers: readonly RedlockServer[]) {
    this.servers = servers
    for (const {address, cause} of servers) if (cause !== null) this.failures.set(address, cause)
  }

  static async open(servers: readonly RedlockServer[]): Promise<RedlockServers> {
    await Promise.all(servers.flatMap(({connection}) => (connection?.primaries ?? []).map(stopTouching)))
    return new RedlockServers(servers)
  }

  /** The locks that can be held on several servers. */
  private redlockLocks(locks: readonly LockRecord[]): LockRecord[] {
    return locks.filter(({holder, onSeveralServers}) => holder !== null && onSeveralServers)
  }

  /**
   * Adds to locks of one server which other servers have them with the same token.
   *
   * @param at index of the server with the locks.
   * @returns the locks without those that an earlier server has too and reports, and the number of locks looked up.
   */
  async lookUp(
    locks: readonly LockRecord[],
    at: number,
  ): Promise<{readonly locks: readonly LockRecord[]; readonly keys: number}> {
    const redlockLocks = this.redlockLocks(locks)
    if (redlockLocks.length === 0) return {locks, keys: 0}
    const held = await Promise.all(
      this.servers.map(async (server, other) =>
        other === at ? redlockLocks.map(() => true) : this.isHeld(server, redlockLocks),
      ),
    )
    const states = new Map(
      redlockLocks.map((lock, row) => {
        const on = held.map((answers) => answers[row] ?? null)
        const state = {
          servers: on.length,
          heldOn: this.servers.filter((_, other) => on[other] === true).map(({address}) => address),
          notAsked: on.filter((answer) => answer === null).length,
        }
        return [lock, on.indexOf(true) < at ? null : withRedlockState(lock, state)]
      }),
    )
    const left = locks.flatMap((lock) => {
      const one = states.get(lock)
      return one === null ? [] : [one ?? lock]
    })
    return {locks: left, keys: redlockLocks.length}
  }

  /** For each lock, whether a server has it with the same token; null when unknown. */
  private async isHeld(
    {address, connection}: RedlockServer,
    locks: readonly LockRecord[],
  ): Promise<Array<boolean | null>> {
    try {
      const [redis] = connection?.primaries ?? []
      if (!redis) return locks.map(() => null)
      const {keys: found, unreadable} = await readKeys(
        redis,
        locks.map(({key}) => bytesOf(key)),
        'pttl',
      )
      for (const {missingRight: right} of unreadable) this.failures.set(address, `missing permission ${right}`)
      const refused = new Set(unreadable.map(({key}) => printable(key)))
      const tokens = new Map(found.map(({entries, name}) => [name, entries.map(([token]) => printable(token))]))
      return locks.map(({holder, key}) =>
        refused.has(key) ? null : (tokens.get(key) ?? []).includes(holder?.token ?? ''),
      )
    } catch (error) {
      this.failures.set(address, messageOf(error))
      return locks.map(() => null)
    }
  }
}

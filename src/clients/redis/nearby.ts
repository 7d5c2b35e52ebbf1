import {Redis} from 'ioredis'

import {Unreachable} from '../../errors.js'
import {ready, type RedisSettings} from './ready.js'

/** Connections beside those to the primaries, with the same login. */
export class Nearby {
  readonly open: Redis[] = []
  private readonly besides = new Map<Redis, Redis>()
  private readonly replicas = new Map<Redis, Redis>()
  private readonly address: string
  private readonly isCluster: boolean

  /** @param address of the connection, fit to be shown. */
  constructor(address: string, {isCluster}: {readonly isCluster: boolean}) {
    this.address = address
    this.isCluster = isCluster
  }

  /** A second connection to a server. */
  async beside(server: Redis): Promise<Redis> {
    const known = usable(this.besides.get(server))
    if (known) return known
    const second = await this.connect(server.duplicate(), this.address)
    this.besides.set(server, second)
    return second
  }

  /**
   * A connection to the replica that lags least behind a primary.
   *
   * @throws Unreachable E_NO_REPLICA when none is in step with it.
   */
  async replicaOf(primary: Redis): Promise<Redis> {
    const known = usable(this.replicas.get(primary))
    if (known) return known
    const replica = await closestReplica(primary)
    if (!replica) {
      throw new Unreachable('E_NO_REPLICA', `a primary of Redis at ${this.address} has no replica in step with it`, {
        data: {address: this.address},
        next: ['leave --from-replica out'],
      })
    }
    const options: RedisSettings = {...primary.options, ...replica, readOnly: this.isCluster}
    delete options.sentinels // they would lead to the primary again
    const redis = await this.connect(new Redis(options), `${replica.host}:${String(replica.port)}`)
    this.replicas.set(primary, redis)
    return redis
  }

  private async connect(redis: Redis, address: string): Promise<Redis> {
    await ready(redis, address)
    this.open.push(redis)
    return redis
  }
}

function usable(redis: Redis | undefined): Redis | null {
  return redis?.status === 'ready' ? redis : null
}

async function closestReplica(primary: Redis): Promise<{readonly host: string; readonly port: number} | null> {
  const rows = [...(await primary.info('replication')).matchAll(/^slave\d+:(.*)$/gm)]
  const [closest] = rows
    .map(
      ([, row = '']) =>
        new Map(
          row
            .trim()
            .split(',')
            .map((pair) => pair.split('=') as [string, string]),
        ),
    )
    .filter((row) => row.get('state') === 'online')
    .toSorted((a, b) => Number(a.get('lag')) - Number(b.get('lag')))
  return closest ? {host: closest.get('ip') ?? '', port: Number(closest.get('port'))} : null
}

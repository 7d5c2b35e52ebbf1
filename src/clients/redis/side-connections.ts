import {Redis} from 'ioredis'

import {Unreachable} from '../../errors.js'
import {ready, type RedisSettings} from './wait-ready.js'

/** Connections in addition to those to the primaries, with the same login. */
export class SideConnections {
  readonly open: Redis[] = []
  private readonly siblings = new Map<Redis, Redis>()
  /** by `host:port` */
  private readonly replicas = new Map<string, Redis>()
  private readonly address: string
  private readonly isCluster: boolean

  /** @param address address of the main connection, for output. */
  constructor(address: string, {isCluster}: {readonly isCluster: boolean}) {
    this.address = address
    this.isCluster = isCluster
  }

  /** A second connection to a server. */
  async siblingOf(server: Redis): Promise<Redis> {
    const known = usable(this.siblings.get(server))
    if (known) return known
    const second = await this.connect(server.duplicate(), this.address)
    this.siblings.set(server, second)
    return second
  }

  /**
   * A connection to the replica that lags least behind a primary.
   *
   * @throws Unreachable E_NO_REPLICA when no replica is online.
   */
  async replicaOf(primary: Redis): Promise<Redis> {
    const [closest] = (await replicasKnownTo(primary)).filter(({isInStep}) => isInStep)
    if (!closest) {
      throw new Unreachable('E_NO_REPLICA', `a primary of Redis at ${this.address} has no online replica`, {
        data: {address: this.address},
        next: ['scan the primaries: omit --from-replica'],
      })
    }
    return this.replica(primary, closest)
  }

  /**
   * Connections to all replicas of a primary.
   *
   * @throws Unreachable E_REDIS_UNREACHABLE when a replica is not reachable from this machine.
   */
  async replicasOf(primary: Redis): Promise<Redis[]> {
    return Promise.all((await replicasKnownTo(primary)).map((replica) => this.replica(primary, replica)))
  }

  private async replica(primary: Redis, {host, port}: Replica): Promise<Redis> {
    const name = `${host}:${String(port)}`
    const known = usable(this.replicas.get(name))
    if (known) return known
    const options: RedisSettings = {...primary.options, host, port, readOnly: this.isCluster}
    delete options.sentinels // with Sentinels, ioredis would connect to the primary
    const redis = await this.connect(new Redis(options), name)
    this.replicas.set(name, redis)
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

interface Replica {
  readonly host: string
  readonly port: number
  readonly isInStep: boolean
}

/** The replica with the smallest lag first. */
async function replicasKnownTo(primary: Redis): Promise<Replica[]> {
  const rows = [...(await primary.info('replication')).matchAll(/^slave\d+:(.*)$/gm)]
  return rows
    .map(
      ([, row = '']) =>
        new Map(
          row
            .trim()
            .split(',')
            .map((pair) => pair.split('=') as [string, string]),
        ),
    )
    .toSorted((a, b) => Number(a.get('lag')) - Number(b.get('lag')))
    .map((row) => ({host: row.get('ip') ?? '', port: Number(row.get('port')), isInStep: row.get('state') === 'online'}))
}

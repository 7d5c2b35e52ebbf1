import {Redis} from 'ioredis'

import {Unreachable, Usage} from '../../errors.js'
import {COMMAND_TIMEOUT_MS, FAIL_FAST, ready, type RedisSettings} from './wait-ready.js'

/**
 * How Sentinels are asked for their primary: by TLS where its URL says so, with its password where they want one too.
 *
 * They are tried until one answers: of one that does not, ioredis tells nothing but that the connection was closed.
 *
 * @throws Unreachable what the first of them failed by that was reached, or the first of all.
 */
export async function sentinelSettings(options: RedisSettings, address: string): Promise<RedisSettings> {
  const {password, sentinels = [], tls} = options
  const byTls = tls === undefined ? {} : {tls}
  const failures: Unreachable[] = []
  for (const {host = 'localhost', port = 26_379} of sentinels) {
    try {
      const wanted = await passwordOf({...byTls, host, port}, password, address)
      return {
        ...options,
        ...(tls === undefined ? {} : {sentinelTLS: tls}),
        ...(wanted === null ? {} : {sentinelPassword: wanted}),
        sentinelRetryStrategy: () => null,
        sentinelCommandTimeout: COMMAND_TIMEOUT_MS,
      }
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error
      failures.push(error)
    }
  }
  const told = failures.find(({code}) => code !== 'E_REDIS_UNREACHABLE') ?? failures[0]
  if (told === undefined) throw new Usage('E_REDIS_URL', 'the Redis address names no Sentinel')
  throw told
}

/** @returns null when it wants none. */
async function passwordOf(
  sentinel: RedisSettings,
  password: string | null | undefined,
  address: string,
): Promise<string | null> {
  try {
    await reach(sentinel, address)
    return null
  } catch (error) {
    const isAuth = error instanceof Unreachable && error.code === 'E_REDIS_AUTH'
    if (!isAuth || password === null || password === undefined) throw error
    await reach({...sentinel, password}, address)
    return password
  }
}

async function reach(sentinel: RedisSettings, address: string): Promise<void> {
  const client = new Redis({...FAIL_FAST, ...sentinel})
  await ready(client, address)
  client.disconnect()
}

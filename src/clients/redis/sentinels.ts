import {Redis} from 'ioredis'

import {Unreachable, Usage} from '../../errors.js'
import {COMMAND_TIMEOUT_MS, FAIL_FAST, ready, type RedisSettings} from './wait-ready.js'

/**
 * The settings for the connections to the Sentinels: with TLS when the URL asks for it, with the password when they require
 * one.
 *
 * Each Sentinel is tried until one answers, because ioredis reports only "Connection is closed" for one that does not.
 *
 * @throws Unreachable with the error of the first Sentinel that was reachable, or of the first one.
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
  const failure = failures.find(({code}) => code !== 'E_REDIS_UNREACHABLE') ?? failures[0]
  if (failure === undefined) throw new Usage('E_REDIS_URL', 'the Redis address contains no Sentinel')
  throw failure
}

/** @returns null when the Sentinel requires no password. */
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

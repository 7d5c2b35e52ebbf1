import type {Cluster, Redis, RedisOptions} from 'ioredis'

import {failureText} from '../../connection-failure.js'
import {Unreachable} from '../../errors.js'
import {suggestedCommand} from '../../suggested-command.js'
import {missingRight, missingRightError} from './acl.js'

/** Without `replyMapping`, because options that may contain it match none of the constructor types of ioredis. */
export type RedisSettings = Omit<RedisOptions, 'replyMapping'>

const CONNECT_TIMEOUT_MS = 5000
export const COMMAND_TIMEOUT_MS = 15_000

/**
 * ioredis retries without a limit by default, and a first command to a closed port fails after 73 s. A user is waiting, so
 * the first refusal is final. `commandTimeout` covers a server that accepts connections and does not answer.
 */
export const FAIL_FAST: RedisSettings = {
  lazyConnect: true,
  retryStrategy: () => null,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  connectTimeout: CONNECT_TIMEOUT_MS,
  commandTimeout: COMMAND_TIMEOUT_MS,
  connectionName: 'keyshift',
  disableClientInfo: true, // a strict ACL rejects CLIENT SETINFO
}

/** Connects, and throws the first error event, because the promise is rejected with "Connection is closed." only. */
export async function ready(client: Cluster | Redis, address: string): Promise<void> {
  let first: Error | undefined
  client.on('error', (error: Error) => {
    first ??= error
  })
  try {
    await client.connect()
    if (first) throw first
  } catch (error) {
    client.disconnect()
    throw refused(address, first ?? error)
  }
}

/** The error of a failed connection with what to do next; never contains the password. */
export function refused(address: string, error: unknown): Unreachable {
  const lacks = missingRight(error)
  if (lacks !== null) return missingRightError(address, lacks)
  const cause = error instanceof Error ? ('code' in error && String(error.code)) || error.message : String(error)
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(cause)) {
    return new Unreachable('E_REDIS_TLS', `Redis certificate at ${address} is not trusted: ${cause}`, {
      data: {address, cause},
      next: ['set KEYSHIFT_REDIS_TLS_CA_FILE to the CA bundle (PEM) of Redis'],
    })
  }
  const isAuth = /WRONGPASS|AUTH/.test(error instanceof Error ? error.message : '')
  return isAuth
    ? new Unreachable('E_REDIS_AUTH', `Redis at ${address} refused the login: ${cause}`, {
        data: {address, cause},
        next: [
          suggestedCommand('context', 'show'),
          'set the user in KEYSHIFT_REDIS_URL (redis://USER@HOST:6379) and the password in KEYSHIFT_REDIS_PASSWORD',
        ],
      })
    : new Unreachable('E_REDIS_UNREACHABLE', `cannot reach Redis at ${address}: ${failureText(cause)}`, {
        data: {address, cause},
        next: ['set the address with --redis-url or KEYSHIFT_REDIS_URL'],
      })
}

import type {Cluster, Redis, RedisOptions} from 'ioredis'

import {Unreachable} from '../../errors.js'
import {missingRight, missingRightError} from './acl.js'

/** How replies are mapped is part of ioredis's types: options that may hold it fit no constructor. */
export type RedisSettings = Omit<RedisOptions, 'replyMapping'>

const CONNECT_TIMEOUT_MS = 5000
export const COMMAND_TIMEOUT_MS = 15_000

/**
 * ioredis retries for ever by default: a first command to a closed port fails after 73 s. A person waits, so fail at the
 * first refusal. `commandTimeout` catches a server that accepts and then says nothing.
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

/** Connects, and reports the first error event: the promise alone only says "Connection is closed." */
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

/** What a connection failed by, as an error that says what to do; never with the password. */
export function refused(address: string, error: unknown): Unreachable {
  const lacks = missingRight(error)
  if (lacks !== null) return missingRightError(address, lacks)
  const cause = error instanceof Error ? ('code' in error && String(error.code)) || error.message : String(error)
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(cause)) {
    return new Unreachable('E_REDIS_TLS', `nobody vouches for the certificate of Redis at ${address} (${cause})`, {
      data: {address, cause},
      next: ['give its authority: KEYSHIFT_REDIS_TLS_CA_FILE=ca.pem keyshift …'],
    })
  }
  const isAuth = /WRONGPASS|AUTH/.test(error instanceof Error ? error.message : '')
  return isAuth
    ? new Unreachable('E_REDIS_AUTH', `Redis at ${address} refused the login: ${cause}`, {
        data: {address, cause},
        next: [
          'keyshift context show',
          'name the user in KEYSHIFT_REDIS_URL, as redis://USER@HOST:6379, the password in KEYSHIFT_REDIS_PASSWORD',
        ],
      })
    : new Unreachable('E_REDIS_UNREACHABLE', `no answer from Redis at ${address} (${cause})`, {
        data: {address, cause},
        next: ['give the right address with --redis-url or KEYSHIFT_REDIS_URL'],
      })
}

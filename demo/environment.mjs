// @ts-check
import {join} from 'node:path'

import {root} from '../scripts/setup.mjs'

/**
 * The environment of everything that the demo starts. It connects to the demo's own stack whatever the shell has: every
 * KEYSHIFT_ variable is removed, and the folders for contexts, state and caches are empty ones of this checkout.
 * @param {Readonly<Record<string, string | undefined>>} shell the environment of the shell
 * @param {{adminUrl: string, serviceUrl: string, webSocketUrl: string, redisUrl: string}} stack
 * @returns {Record<string, string>}
 */
export function demoEnvironment(shell, {adminUrl, redisUrl, serviceUrl, webSocketUrl}) {
  const kept = Object.entries(shell).flatMap(([name, value]) =>
    value === undefined || /^KEYSHIFT_/i.test(name) ? [] : [[name, value]],
  )
  const empty = join(root, '.stack', 'no-contexts')
  return {
    ...Object.fromEntries(kept),
    XDG_CONFIG_HOME: empty,
    XDG_STATE_HOME: empty,
    XDG_CACHE_HOME: empty,
    KEYSHIFT_ADMIN_URL: adminUrl,
    KEYSHIFT_SERVICE_URL: serviceUrl,
    KEYSHIFT_WEB_SOCKET_URL: webSocketUrl,
    KEYSHIFT_REDIS_URL: redisUrl,
  }
}

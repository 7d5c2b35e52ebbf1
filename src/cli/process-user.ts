import {hostname, userInfo} from 'node:os'

import type {Actor} from '../clients/journal/journal-store.js'

/** Who runs this process. */
export function currentActor(): Actor {
  return {user: userInfo().username, host: hostname(), pid: process.pid}
}

/** Who became root by sudo to run it; null where nobody did. */
export function sudoUser(): string | null {
  return process.env['SUDO_USER'] ?? null
}

import {hostname, userInfo} from 'node:os'

import type {Actor} from '../clients/journal/journal-store.js'

/** User, host and process id of this process. */
export function currentActor(): Actor {
  return {user: userInfo().username, host: hostname(), pid: process.pid}
}

/** The user that started this process with sudo; null without sudo. */
export function sudoUser(): string | null {
  return process.env['SUDO_USER'] ?? null
}

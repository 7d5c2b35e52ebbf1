import {Unreachable} from '../../errors.js'
import {messageOf} from '../../wording.js'

/**
 * The missing right in an error of Redis, as ACL SETUSER grants it: `+hgetall`, `+object|idletime`, `~KEY`, `&CHANNEL`; null
 * for other errors. Understands the messages of Redis 6 and 7.
 */
export function missingRight(error: unknown): string | null {
  const message = messageOf(error)
  if (!message.includes('NOPERM')) return null
  const command = /the '(?<command>[^']+)' command/.exec(message)?.groups?.['command']
  if (command !== undefined) return `+${command.toLowerCase()}`
  return /channel/i.test(message) ? '&CHANNEL' : '~KEY'
}

export function missingRightError(address: string, right: string): Unreachable {
  return new Unreachable('E_REDIS_ACL', `missing permission ${right} on Redis at ${address}`, {
    data: {address, missingRight: right},
    next: [`grant it with: ACL SETUSER USER ${right}`],
  })
}

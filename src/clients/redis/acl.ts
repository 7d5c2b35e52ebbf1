import {Unreachable} from '../../errors.js'
import {messageOf} from '../../wording.js'

/**
 * The right that Redis says is lacking, as ACL SETUSER grants it: `+hgetall`, `+object|idletime`, `~KEY`, `&CHANNEL`; null
 * where the refusal is none of rights. The wording of Redis 6 and 7.
 */
export function missingRight(error: unknown): string | null {
  const message = messageOf(error)
  if (!message.includes('NOPERM')) return null
  const command = /the '(?<command>[^']+)' command/.exec(message)?.groups?.['command']
  if (command !== undefined) return `+${command.toLowerCase()}`
  return /channel/i.test(message) ? '&CHANNEL' : '~KEY'
}

/** What to say of it. A right is granted by who administers Redis. */
export function missingRightError(address: string, right: string): Unreachable {
  return new Unreachable('E_REDIS_ACL', `this login of Redis at ${address} lacks ${right}`, {
    data: {address, lacks: right},
    next: [`have it granted: ACL SETUSER USER ${right}`],
  })
}

import {Unreachable} from '../../errors.js'
import {suggestedCommand} from '../../suggested-command.js'
import {neededPermission} from './permission.js'

/** The request, as far as a refusal reports it. @see AdminRequest */
interface Asked {
  readonly method: string
  readonly path: string
}

interface Refusal {
  readonly status: number
  /** the body */
  readonly said: string
  /** the login of the request */
  readonly login: string
}

/** The broker answered with an error. `status` and `reason` are the broker's own. */
export class AdminRefused extends Unreachable {
  readonly status: number
  readonly reason: string

  constructor(asked: Asked, url: string, {login, said, status}: Refusal) {
    const reason = reasonOf(said)
    const what = `${asked.method} ${url} answered ${String(status)}: ${reason}`
    const data = {url, status, reason}
    if (isLoginRefusal(status, said)) {
      const next = [suggestedCommand('context', 'show')]
      super('E_LOGIN_REFUSED', `${what}; sent with ${login}`, {data: {...data, login}, next})
    } else if (status === 401 || status === 403) {
      const {next, right} = neededPermission(asked)
      super('E_NOT_ALLOWED', `${what}; sent with ${login}; missing permission: ${right}`, {
        data: {...data, login, needs: right},
        next,
      })
    } else {
      super(status === 404 ? 'E_NOT_FOUND' : 'E_ADMIN_REFUSED', what, {data})
    }
    this.status = status
    this.reason = reason
  }

  /** Whether the broker accepted the login and denies it the permission. */
  get isNotAllowed(): boolean {
    return this.code === 'E_NOT_ALLOWED'
  }
}

/**
 * Whether the broker rejected the credentials themselves. A missing permission also comes as 401 or 403 (seen on 4.2.4),
 * but then the body is the broker's JSON with a `reason`; the authentication filter sends none.
 */
export function isLoginRefusal(status: number, body: string): boolean {
  return status === 401 && fieldsOf(body).reason === undefined
}

/** Returns `otherwise` on a refusal with this status: the resource exists already, or no longer exists. */
export function orOnStatus<T, D>(status: number, action: Promise<T>, otherwise: D): Promise<D | T> {
  return unless((refusal) => refusal.status === status, action, otherwise)
}

/** Returns `otherwise` when the permission is missing. */
export function orWhenNotAllowed<T, D>(action: Promise<T>, otherwise: D): Promise<D | T> {
  return unless((refusal) => refusal.isNotAllowed, action, otherwise)
}

/** Returns `otherwise` on any refusal of a read: the permission is missing, or the resource does not exist. */
export function orWhenRefused<T, D>(action: Promise<T>, otherwise: D): Promise<D | T> {
  return unless(() => true, action, otherwise)
}

async function unless<T, D>(
  isAnswer: (refusal: AdminRefused) => boolean,
  action: Promise<T>,
  otherwise: D,
): Promise<D | T> {
  try {
    return await action
  } catch (error) {
    if (error instanceof AdminRefused && isAnswer(error)) return otherwise
    throw error
  }
}

export function parseBody(body: string): unknown {
  if (body === '') return null
  try {
    return JSON.parse(body) as unknown
  } catch {
    return body // a few calls, such as brokers/version, answer plain text
  }
}

interface SaidFields {
  readonly reason?: unknown
  readonly message?: unknown
}

function fieldsOf(body: string): SaidFields {
  const parsed = parseBody(body)
  return typeof parsed === 'object' && parsed !== null ? parsed : {}
}

/**
 * The broker's own message: `reason` of its JSON, without the Java stack trace that it adds to unexpected errors;
 * `message` when the web server answers in its place, as it does without a login.
 */
function reasonOf(body: string): string {
  const {message, reason: ofBroker} = fieldsOf(body)
  const told = ofBroker ?? message
  const reason = typeof told === 'string' ? told : stripTags(body)
  const [words = ''] = reason.split('Stacktrace:')
  return words.replace(/^[\s-]*An unexpected error.*?-+\s*/s, '').trim() || 'no reason given'
}

function stripTags(html: string): string {
  return html
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 300)
}

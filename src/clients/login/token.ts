import {Unreachable} from '../../errors.js'
import {claimsOf, type TokenClaims} from './jwt.js'
import type {BinaryLogin, Login} from './login.js'
import type {Secret} from './secret.js'

/** A token and what it says of itself. */
interface KnownToken extends TokenClaims {
  readonly text: string
}

/** A JSON web token, or what else the broker takes for one. */
export class TokenLogin implements Login {
  private readonly secret: Secret
  private readonly nowMs: () => number
  private known: KnownToken | null = null

  constructor(secret: Secret, nowMs: () => number = Date.now) {
    this.secret = secret
    this.nowMs = nowMs
  }

  get about(): string {
    const subject = this.known?.subject ?? null
    return `a token${subject === null ? '' : ` of "${subject}"`} from ${this.secret.source}`
  }

  async headers(): Promise<Record<string, string>> {
    return {Authorization: `Bearer ${await this.token()}`}
  }

  renew(): boolean {
    return this.secret.invalidate()
  }

  forBinary(): Promise<BinaryLogin> {
    return Promise.resolve({kind: 'token', token: () => this.token()})
  }

  /** One that has ended is asked for again, where that can give another. */
  private async token(): Promise<string> {
    let known = await this.read()
    if (this.isOver(known) && this.secret.invalidate()) known = await this.read()
    const {expiresAtMs, text} = known
    if (expiresAtMs !== null && this.isOver(known)) {
      throw new Unreachable('E_TOKEN_EXPIRED', `${this.about} expired at ${new Date(expiresAtMs).toISOString()}`, {
        data: {where: this.secret.source, expiredAt: new Date(expiresAtMs).toISOString()},
        next: ['put a new one there'],
      })
    }
    if (!/^[\x21-\x7e]+$/.test(text)) {
      throw new Unreachable(
        'E_SECRET',
        `${this.about} can't be sent: it has spaces, line ends or letters beyond ASCII`,
        {
          data: {where: this.secret.source},
        },
      )
    }
    return text
  }

  /** Each request asks; what the same token says of itself is read once. */
  private async read(): Promise<KnownToken> {
    const text = await this.secret.read()
    const known = this.known?.text === text ? this.known : {text, ...claimsOf(text)}
    this.known = known
    return known
  }

  private isOver({expiresAtMs}: TokenClaims): boolean {
    return expiresAtMs !== null && expiresAtMs <= this.nowMs()
  }
}

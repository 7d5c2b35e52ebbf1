import {Unreachable} from '../../errors.js'
import {claimsOf, type TokenClaims} from './jwt.js'
import type {BinaryLogin, Login} from './login.js'
import type {Secret} from './secret.js'

/** A token and its claims. */
interface KnownToken extends TokenClaims {
  readonly text: string
}

/** A JSON web token, or another kind of token that the broker accepts. */
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

  /** Reads an expired token again, if its source can return another one. */
  private async token(): Promise<string> {
    let known = await this.read()
    if (this.isOver(known) && this.secret.invalidate()) known = await this.read()
    const {expiresAtMs, text} = known
    if (expiresAtMs !== null && this.isOver(known)) {
      throw new Unreachable('E_TOKEN_EXPIRED', `${this.about} expired at ${new Date(expiresAtMs).toISOString()}`, {
        data: {where: this.secret.source, expiredAt: new Date(expiresAtMs).toISOString()},
        next: ['replace it with a valid token'],
      })
    }
    if (!/^[\x21-\x7e]+$/.test(text)) {
      throw new Unreachable(
        'E_SECRET',
        `${this.about} cannot be sent: it contains spaces, line breaks or non-ASCII characters`,
        {
          data: {where: this.secret.source},
        },
      )
    }
    return text
  }

  /** Reads the secret for each request, and decodes the same token once. */
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

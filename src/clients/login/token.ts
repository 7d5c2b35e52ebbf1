import {Unreachable} from '../../errors.js'
import {claimsOf} from './jwt.js'
import type {BinaryLogin, Login} from './login.js'
import type {Secret} from './secret.js'

/** A JSON web token, or what else the broker takes for one. */
export class TokenLogin implements Login {
  private readonly secret: Secret
  private readonly nowMs: () => number
  private subject: string | null = null

  constructor(secret: Secret, nowMs: () => number = Date.now) {
    this.secret = secret
    this.nowMs = nowMs
  }

  get about(): string {
    const role = this.subject === null ? '' : ` of "${this.subject}"`
    return `a token${role} from ${this.secret.where}`
  }

  async headers(): Promise<Record<string, string>> {
    return {Authorization: `Bearer ${await this.token()}`}
  }

  renew(): boolean {
    return this.secret.forget()
  }

  forBinary(): Promise<BinaryLogin> {
    return Promise.resolve({kind: 'token', token: () => this.token()})
  }

  /** One that has ended is asked for again, where that can give another. */
  private async token(): Promise<string> {
    const first = await this.secret.read()
    const token = this.isOver(first) && this.secret.forget() ? await this.secret.read() : first
    const {expiresAtMs, subject} = claimsOf(token)
    this.subject = subject
    if (expiresAtMs !== null && this.isOver(token)) {
      throw new Unreachable('E_TOKEN_EXPIRED', `${this.about} expired at ${new Date(expiresAtMs).toISOString()}`, {
        data: {where: this.secret.where, expiredAt: new Date(expiresAtMs).toISOString()},
        next: ['put a new one there'],
      })
    }
    if (!/^[\x21-\x7e]+$/.test(token)) {
      throw new Unreachable(
        'E_SECRET',
        `${this.about} can't be sent: it has spaces, line ends or letters beyond ASCII`,
        {
          data: {where: this.secret.where},
        },
      )
    }
    return token
  }

  private isOver(token: string): boolean {
    const {expiresAtMs} = claimsOf(token)
    return expiresAtMs !== null && expiresAtMs <= this.nowMs()
  }
}

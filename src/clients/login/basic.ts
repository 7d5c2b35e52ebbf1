import type {BinaryLogin, Login} from './login.js'
import type {Secret} from './secret.js'

/** A user and a password, for brokers with AuthenticationProviderBasic. */
export class BasicLogin implements Login {
  private readonly username: string
  private readonly secret: Secret

  constructor(username: string, secret: Secret) {
    this.username = username
    this.secret = secret
  }

  get about(): string {
    return `user "${this.username}" with the password from ${this.secret.source}`
  }

  async headers(): Promise<Record<string, string>> {
    const pair = `${this.username}:${await this.secret.read()}`
    return {Authorization: `Basic ${Buffer.from(pair).toString('base64')}`}
  }

  renew(): boolean {
    return this.secret.invalidate()
  }

  async forBinary(): Promise<BinaryLogin> {
    return {kind: 'basic', username: this.username, password: await this.secret.read()}
  }
}

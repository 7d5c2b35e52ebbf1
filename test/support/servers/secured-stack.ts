import assert from 'node:assert/strict'
import {randomBytes} from 'node:crypto'
import {readFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'

import type {Pair} from '../../../stack/certificates.mjs'
import {signToken} from '../../../stack/tokens.mjs'
import type {Addresses} from '../../../src/cli/connection/default-addresses.js'
import {addresses as tested} from './live.js'
import {runStack} from './own-stack.js'

/** What the stack says of its variant with logins; `Addresses` are those of the plain ports. */
interface SecuredContext extends Addresses {
  /** the broker's version */
  readonly pulsar: string
  readonly adminTlsUrl: string
  readonly serviceTlsUrl: string
  readonly webSocketTlsUrl: string
  readonly issuerUrl: string
  /** what an access token has to be for */
  readonly audience: string
  readonly tokenFile: string
  readonly loginsDir: string
}

/** A client of the OpenID server: its name is its role. Tokens of `brief` live 3 s, those of the others 10 min. */
type OpenIdClient = 'admin' | 'brief' | 'nobody' | 'reader'

export interface Certificates {
  /** who vouches for the broker, and for the clients that it lets in */
  readonly authority: string
  /** another one, whom nobody trusts */
  readonly otherAuthority: string
  /** the superuser's */
  readonly admin: Pair
  readonly nobody: Pair
  /** the superuser's name, by the other authority */
  readonly stranger: Pair
}

/**
 * A broker with logins of every kind and TLS, of the Pulsar version that is tested. `admin` may do everything, every other
 * role what it was granted.
 */
export class SecuredStack {
  readonly addresses: SecuredContext
  readonly certificates: Certificates
  private readonly secret: Buffer

  private constructor(addresses: SecuredContext, secret: Buffer) {
    this.addresses = addresses
    this.secret = secret
    const pair = (name: string): Pair => ({certificate: this.file(`${name}.pem`), key: this.file(`${name}.key.pem`)})
    this.certificates = {
      authority: this.file('ca.pem'),
      otherAuthority: this.file('other/other-ca.pem'),
      admin: pair('admin'),
      nobody: pair('nobody'),
      stranger: pair('other/admin'),
    }
  }

  static async up(): Promise<SecuredStack> {
    const addresses = JSON.parse(await runStack('up', which()).finished) as SecuredContext
    return new SecuredStack(addresses, await readFile(join(dirname(addresses.tokenFile), 'token-secret')))
  }

  async down(): Promise<void> {
    await runStack('down', which()).finished
  }

  /** A JSON web token. @param expiresInS below 0 for one that is over; it never expires without. */
  token(subject: string, {expiresInS, wrongKey}: {expiresInS?: number; wrongKey?: boolean} = {}): string {
    return signToken(wrongKey ? randomBytes(32) : this.secret, subject, {expiresInS})
  }

  async password(user: 'admin' | 'nobody'): Promise<string> {
    const {password} = JSON.parse(await readFile(this.file(`basic-${user}.json`), 'utf8')) as {password: string}
    return password
  }

  /** The path of a client's OAuth2 key file, as Pulsar's clients read it. */
  oauth2KeyFile(client: OpenIdClient): string {
    return this.file(`oauth2-${client}.json`)
  }

  /** Logs a client in at the OpenID server, as Pulsar's own clients do. @returns its access token. */
  async accessToken(client: OpenIdClient, audience = this.addresses.audience): Promise<string> {
    const keyFile = JSON.parse(await readFile(this.oauth2KeyFile(client), 'utf8')) as Record<string, string>
    const {client_id = '', client_secret = '', issuer_url = ''} = keyFile
    const discovery = await fetch(`${issuer_url}/.well-known/openid-configuration`)
    const {token_endpoint} = (await discovery.json()) as {token_endpoint: string}
    const body = new URLSearchParams({grant_type: 'client_credentials', client_id, client_secret, audience})
    const answer = await fetch(token_endpoint, {method: 'POST', body})
    assert.equal(answer.status, 200, 'the OpenID server logs its clients in')
    return ((await answer.json()) as {access_token: string}).access_token
  }

  /** It goes with the stack. */
  async createNamespace(namespace: string): Promise<void> {
    await this.asAdmin('PUT', `/namespaces/${namespace}`, {})
  }

  /** Makes a subscription, and its topic. @param topic in full */
  async createSubscription(topic: string, subscription: string): Promise<void> {
    await this.asAdmin('PUT', `/${topic.replace('://', '/')}`, {})
    await this.asAdmin('PUT', `/${topic.replace('://', '/')}/subscription/${subscription}`)
  }

  /** Publishes a message of a key. @param topic in full */
  async publish(topic: string, key: string): Promise<void> {
    await this.asAdmin('POST', `//topics/${topic.replace('://', '/')}`, {messages: [{key, payload: 'x'}]})
  }

  /** Lets a role do things in a namespace. */
  async grant(namespace: string, role: string, actions: ReadonlyArray<'consume' | 'produce'>): Promise<void> {
    await this.asAdmin('POST', `/namespaces/${namespace}/permissions/${role}`, actions)
  }

  private async asAdmin(method: string, path: string, body?: unknown): Promise<void> {
    const root = path.startsWith('//') ? path.slice(1) : `/admin/v2${path}`
    const answer = await fetch(this.addresses.adminUrl + root, {
      method,
      headers: {authorization: `Bearer ${this.token('admin')}`, 'content-type': 'application/json'},
      ...(body === undefined ? {} : {body: JSON.stringify(body)}),
    })
    assert.ok(answer.ok, `${method} ${path} answered ${String(answer.status)} ${await answer.text()}`)
  }

  private file(name: string): string {
    return join(this.addresses.loginsDir, name)
  }
}

function which(): string[] {
  const {pulsar} = tested as {pulsar?: string}
  return ['--config', 'secured', ...(pulsar === undefined ? [] : ['--pulsar', pulsar])]
}

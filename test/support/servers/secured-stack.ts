import assert from 'node:assert/strict'
import {randomBytes} from 'node:crypto'
import {readFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'

import type {Pair} from '../../../stack/certificates.mjs'
import {signToken} from '../../../stack/tokens.mjs'
import type {Addresses} from '../../../src/cli/connection/default-addresses.js'
import {addresses as tested} from './live.js'
import {releaseStack, runStack} from './own-stack.js'

/** The context of the `secured` variant. `Addresses` are those of the plain ports. */
interface SecuredContext extends Addresses {
  /** the broker's version */
  readonly pulsar: string
  readonly adminTlsUrl: string
  readonly serviceTlsUrl: string
  readonly webSocketTlsUrl: string
  readonly issuerUrl: string
  /** the audience that the broker accepts */
  readonly audience: string
  readonly tokenFile: string
  readonly loginsDir: string
}

/** A client of the OpenID server. Its name is its role. Tokens of `brief` expire after 3 s, other tokens after 10 min. */
type OpenIdClient = 'admin' | 'brief' | 'guest' | 'reader'

export interface Certificates {
  /** signs the certificates of the broker and of the clients that it accepts */
  readonly authority: string
  /** an authority that the broker does not trust */
  readonly otherAuthority: string
  /** the certificate of the superuser */
  readonly admin: Pair
  readonly guest: Pair
  /** a certificate with the superuser's name, signed by the other authority */
  readonly stranger: Pair
}

/**
 * A broker with every kind of login and TLS, of the Pulsar version under test. `admin` is the superuser; every other role has
 * only the permissions that a test grants it.
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
      guest: pair('guest'),
      stranger: pair('other/admin'),
    }
  }

  static async up(): Promise<SecuredStack> {
    const addresses = JSON.parse(await runStack('up', which()).finished) as SecuredContext
    return new SecuredStack(addresses, await readFile(join(dirname(addresses.tokenFile), 'token-secret')))
  }

  async down(): Promise<void> {
    await releaseStack(which())
  }

  /** A JSON Web Token. @param expiresInS below 0 for an expired token; without it, the token never expires. */
  token(subject: string, {expiresInS, wrongKey}: {expiresInS?: number; wrongKey?: boolean} = {}): string {
    return signToken(wrongKey ? randomBytes(32) : this.secret, subject, {expiresInS})
  }

  async password(user: 'admin' | 'guest'): Promise<string> {
    const {password} = JSON.parse(await readFile(this.file(`basic-${user}.json`), 'utf8')) as {password: string}
    return password
  }

  /** The path of a client's OAuth2 key file, in the format of Pulsar's clients. */
  oauth2KeyFile(client: OpenIdClient): string {
    return this.file(`oauth2-${client}.json`)
  }

  /** Logs a client in at the OpenID server like Pulsar's clients. @returns its access token. */
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

  /** Creates a namespace, which is deleted with the stack. */
  async createNamespace(namespace: string): Promise<void> {
    await this.asAdmin('PUT', `/namespaces/${namespace}`, {})
  }

  /** Creates a topic and a subscription. @param topic the full name */
  async createSubscription(topic: string, subscription: string): Promise<void> {
    await this.asAdmin('PUT', `/${topic.replace('://', '/')}`, {})
    await this.asAdmin('PUT', `/${topic.replace('://', '/')}/subscription/${subscription}`)
  }

  /** Publishes a message with a key. @param topic the full name */
  async publish(topic: string, key: string): Promise<void> {
    await this.asAdmin('POST', `//topics/${topic.replace('://', '/')}`, {messages: [{key, payload: 'x'}]})
  }

  /** Grants permissions on a namespace to a role. */
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

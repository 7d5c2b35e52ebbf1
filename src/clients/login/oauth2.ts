import {readFile} from 'node:fs/promises'

import type {Configuration} from 'openid-client'

import {KeyshiftError, Unreachable, Usage} from '../../errors.js'
import {shellCommand} from '../../suggested-command.js'
import type {Secret} from './secret.js'
import type {CachedToken, TokenCache} from './token-cache.js'

export interface OAuth2Options {
  readonly issuerUrl: string
  /** the audience that the broker expects; null when the server needs none */
  readonly audience: string | null
  readonly scope: string | null
  /** Client id and secret. @throws Unreachable E_SECRET, Usage E_OAUTH2_KEY. */
  readonly client: () => Promise<OAuth2Client>
  readonly cache: TokenCache
}

export interface OAuth2Client {
  readonly id: string
  readonly secret: string
}

/** Lifetime of a token whose server does not report one. */
const UNTOLD_MS = 60_000
/**
 * Time before its expiry after which a token is not sent any more; at most a tenth of its lifetime. Clocks differ, and a
 * request takes time.
 */
const SPARE_MS = 10_000

/** Access tokens by the client credentials grant (RFC 6749 §4.4), reused until shortly before they expire. */
export class OAuth2Secret implements Secret {
  readonly source: string
  private readonly options: OAuth2Options
  private known: CachedToken | null = null
  private isCacheStale = false

  constructor(options: OAuth2Options) {
    this.source = `the OAuth2 server ${options.issuerUrl}`
    this.options = options
  }

  /** @throws Unreachable E_OAUTH2 when the server issues no token. */
  async read(): Promise<string> {
    this.known = this.lasting(this.known) ?? (await this.next())
    return this.known.token
  }

  invalidate(): boolean {
    this.known = null
    this.isCacheStale = true
    return true
  }

  private async next(): Promise<CachedToken> {
    const {audience, cache, client, issuerUrl, scope} = this.options
    const {id, secret} = await client()
    const owner = [issuerUrl, id, audience ?? '', scope ?? '']
    const cached = this.isCacheStale ? null : this.lasting(await cache.get(owner))
    if (cached) return cached
    const token = await this.ask(id, secret)
    this.isCacheStale = false
    await cache.put(owner, token)
    return token
  }

  private lasting(token: CachedToken | null): CachedToken | null {
    return token !== null && token.goodUntilMs > Date.now() ? token : null
  }

  private async ask(id: string, secret: string): Promise<CachedToken> {
    const {audience, issuerUrl, scope} = this.options
    const {clientCredentialsGrant} = await import('openid-client') // loaded here because it is slow to load and few commands need it
    try {
      const answer = await clientCredentialsGrant(await discover(issuerUrl, id, secret), {
        ...(audience === null ? {} : {audience}),
        ...(scope === null ? {} : {scope}),
      })
      const lastsMs = answer.expires_in === undefined ? UNTOLD_MS : answer.expires_in * 1000
      return {token: answer.access_token, goodUntilMs: Date.now() + lastsMs - Math.min(SPARE_MS, lastsMs / 10)}
    } catch (error) {
      if (error instanceof KeyshiftError) throw error
      throw this.refused(id, error)
    }
  }

  private refused(id: string, error: unknown): Unreachable {
    const {issuerUrl} = this.options
    const cause = causeOf(error)
    return new Unreachable('E_OAUTH2', `OAuth2 server ${issuerUrl} issued no token to client "${id}": ${cause}`, {
      data: {issuerUrl, client: id, cause},
      next: [shellCommand('curl', `${issuerUrl.replace(/\/+$/, '')}/.well-known/openid-configuration`)],
    })
  }
}

/** An issuer may be written with or without a trailing slash, but its metadata must name the same issuer. */
async function discover(issuerUrl: string, id: string, secret: string): Promise<Configuration> {
  // The function is marked as deprecated only as a warning; an `http://` address is a deliberate choice.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const {allowInsecureRequests, discovery} = await import('openid-client')
  const isPlain = issuerUrl.startsWith('http:')
  const ask = (url: string): Promise<Configuration> =>
    discovery(new URL(url), id, secret, undefined, isPlain ? {execute: [allowInsecureRequests]} : {})
  try {
    return await ask(issuerUrl)
  } catch (error) {
    if ((error as {code?: unknown}).code !== 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED') throw error
    return ask(issuerUrl.endsWith('/') ? issuerUrl.replace(/\/+$/, '') : `${issuerUrl}/`)
  }
}

/** The error that the server reports, if any; never its complete answer. */
function causeOf(error: unknown): string {
  const {cause, code, error: word, error_description: description, message} = error as Record<string, unknown>
  if (typeof word === 'string') return typeof description === 'string' ? `${word}: ${description}` : word
  const inner = cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.message) : null
  return [message, inner ?? code].filter((part) => typeof part === 'string').join(', ')
}

/**
 * Reads a client's key file in the format of Pulsar's own clients.
 *
 * @see https://pulsar.apache.org/docs/security-oauth2/
 * @throws Usage E_OAUTH2_KEY when it is not one.
 */
export async function readKeyFile(path: string): Promise<OAuth2Client> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw unusable(path, (error as NodeJS.ErrnoException).code ?? 'it cannot be read')
  })
  try {
    const {client_id: id, client_secret: secret} = JSON.parse(text) as Record<string, unknown>
    if (typeof id === 'string' && typeof secret === 'string') return {id, secret}
  } catch {
    throw unusable(path, 'it is not JSON')
  }
  throw unusable(path, 'it lacks client_id or client_secret')
}

function unusable(path: string, reason: string): Usage {
  return new Usage('E_OAUTH2_KEY', `${path} is not an OAuth2 key file: ${reason}`, {data: {path, reason}})
}

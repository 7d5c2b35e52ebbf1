import {readFile} from 'node:fs/promises'

import type {Configuration} from 'openid-client'

import {KeyshiftError, Unreachable, Usage} from '../../errors.js'
import type {Secret} from './secret.js'
import type {CachedToken, TokenCache} from './token-cache.js'

export interface OAuth2Options {
  readonly issuerUrl: string
  /** whom the token is for, as the broker expects it; null where the server needs none */
  readonly audience: string | null
  readonly scope: string | null
  /** Who asks, and by which secret. @throws Unreachable E_SECRET, Usage E_OAUTH2_KEY. */
  readonly client: () => Promise<OAuth2Client>
  readonly cache: TokenCache
}

export interface OAuth2Client {
  readonly id: string
  readonly secret: string
}

/** A token whose server does not say how long it lasts is asked for again after this. */
const UNTOLD_MS = 60_000
/** A token is not sent this short before its end, or the tenth of its life: the clocks differ, and a request takes its time. */
const SPARE_MS = 10_000

/** Access tokens by the grant of client credentials (RFC 6749 §4.4), kept until shortly before they end. */
export class OAuth2Secret implements Secret {
  readonly source: string
  private readonly options: OAuth2Options
  private known: CachedToken | null = null
  private isCacheStale = false

  constructor(options: OAuth2Options) {
    this.source = `the OAuth2 server ${options.issuerUrl}`
    this.options = options
  }

  /** @throws Unreachable E_OAUTH2 when the server gives none. */
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
    const {clientCredentialsGrant} = await import('openid-client') // takes its time, and few need it
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
    return new Unreachable('E_OAUTH2', `the OAuth2 server ${issuerUrl} gave the client "${id}" no token: ${cause}`, {
      data: {issuerUrl, client: id, cause},
      next: [`curl ${issuerUrl.replace(/\/+$/, '')}/.well-known/openid-configuration`],
    })
  }
}

/** An issuer may be written with or without a slash at its end, but has to name itself as it is asked for. */
async function discover(issuerUrl: string, id: string, secret: string): Promise<Configuration> {
  // "Deprecated" is to make it stand out: who writes http:// means it.
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

/** The server's own word where it has one; never its whole answer. */
function causeOf(error: unknown): string {
  const {cause, code, error: word, error_description: description, message} = error as Record<string, unknown>
  if (typeof word === 'string') return typeof description === 'string' ? `${word}: ${description}` : word
  const inner = cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.message) : null
  return [message, inner ?? code].filter((part) => typeof part === 'string').join(', ')
}

/**
 * A client's key file, as Pulsar's own clients take it.
 *
 * @see https://pulsar.apache.org/docs/security-oauth2/
 * @throws Usage E_OAUTH2_KEY when it is none.
 */
export async function readKeyFile(path: string): Promise<OAuth2Client> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw unusable(path, (error as NodeJS.ErrnoException).code ?? 'it can not be read')
  })
  try {
    const {client_id: id, client_secret: secret} = JSON.parse(text) as Record<string, unknown>
    if (typeof id === 'string' && typeof secret === 'string') return {id, secret}
  } catch {
    throw unusable(path, 'it is no JSON')
  }
  throw unusable(path, 'client_id and client_secret are not in it')
}

function unusable(path: string, reason: string): Usage {
  return new Usage('E_OAUTH2_KEY', `${path} is no OAuth2 key file: ${reason}`, {data: {path, reason}})
}

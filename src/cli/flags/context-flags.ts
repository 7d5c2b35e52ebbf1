import {resolve} from 'node:path'

import {Flags} from '@oclif/core'

import type {Context, LoginSource} from '../../clients/contexts/context.js'
import {compact} from '../../clients/contexts/imported.js'
import {Usage} from '../../errors.js'
import {requireNamespace} from './namespace.js'
import {secretFlags, secretSource} from './secret-flags.js'

const text = (helpGroup: string, helpValue: string, description: string) =>
  Flags.string({description, helpGroup, helpValue})

/** The settings of a context. */
export const newContextFlags = {
  'admin-url': text('PULSAR', 'http://HOST:8080', 'address of the admin API'),
  insecure: Flags.boolean({description: 'skip TLS certificate verification', helpGroup: 'TLS'}),
  namespace: text('PULSAR', 'TENANT/NAMESPACE', 'namespace of topics given by name only (default: public/default)'),
  'oauth2-audience': text('LOGIN', 'AUDIENCE', 'audience of the access token'),
  'oauth2-issuer-url': text('LOGIN', 'URL', 'OAuth2 server that issues access tokens for client credentials'),
  'oauth2-key-file': text('LOGIN', 'FILE', "key file of the OAuth2 client, in the format of Pulsar's own clients"),
  'oauth2-scope': text('LOGIN', 'SCOPE', 'scope of the access token'),
  ...secretFlags('password', 'the password of --username', 'LOGIN'),
  protected: Flags.boolean({description: "ask for the context's name before changing anything in its cluster"}),
  'redis-ca-file': text('REDIS', 'FILE', 'CA bundle (PEM) for Redis to use instead of the system CAs'),
  'redis-cert-file': text('REDIS', 'FILE', 'client certificate for Redis (PEM)'),
  'redis-key-file': text('REDIS', 'FILE', 'private key of the client certificate for Redis (PEM)'),
  ...secretFlags('redis-password', 'the Redis password', 'REDIS'),
  redlock: Flags.string({
    description: 'a further independent Redlock server; repeat the flag for each server',
    helpGroup: 'REDIS',
    helpValue: 'redis://[USER@]HOST:6379',
    multiple: true,
  }),
  'redis-url': text('REDIS', 'redis://[USER@]HOST:6379', 'Redis address, without a password'),
  'service-url': text(
    'PULSAR',
    'pulsar://HOST:6650',
    'binary address of the broker (default: same host as the admin API)',
  ),
  'tls-ca-file': text('TLS', 'FILE', 'CA bundle (PEM) to use instead of the system CAs'),
  'tls-cert-file': text('TLS', 'FILE', 'client certificate to log in with (PEM)'),
  'tls-key-file': text('TLS', 'FILE', 'private key of the client certificate (PEM)'),
  ...secretFlags('token', 'the token', 'LOGIN'),
  username: text('LOGIN', 'USER', 'user name to log in with; needs a password'),
  'web-socket-url': text(
    'PULSAR',
    'ws://HOST:8080',
    'address of the WebSocket API (default: same host as the admin API)',
  ),
}

type NewContextValues = Readonly<Record<string, unknown>>

/**
 * @throws Usage E_LOGIN for an incomplete login, or two logins; E_URL for an address with an unknown scheme, or with a
 * secret; E_NAMESPACE.
 */
export function newContext(flags: NewContextValues): Context {
  const value = (name: string): string | undefined => textOf(flags[name])
  const path = (name: string): string | undefined => pathOf(flags[name])
  const namespace = value('namespace')
  requireNamespace(namespace)
  const redlock = textsOf(flags['redlock'])
  for (const [name, schemes] of Object.entries(SCHEMES)) requireAddress(name, value(name), schemes)
  for (const url of redlock ?? []) requireAddress('redlock', url, SCHEMES['redis-url'])
  const context = compact<Context>({
    adminUrl: value('admin-url'),
    serviceUrl: value('service-url'),
    webSocketUrl: value('web-socket-url'),
    login: newLogin(flags),
    tls: compact({
      caFile: path('tls-ca-file'),
      certFile: path('tls-cert-file'),
      keyFile: path('tls-key-file'),
      insecure: flags['insecure'] === true ? true : undefined,
    }),
    redis: compact({
      url: value('redis-url'),
      redlock,
      password: secretSource(flags, 'redis-password'),
      tls: compact({
        caFile: path('redis-ca-file'),
        certFile: path('redis-cert-file'),
        keyFile: path('redis-key-file'),
      }),
    }),
    namespace,
    protected: flags['protected'] === true ? true : undefined,
  })
  return context ?? {}
}

function newLogin(flags: NewContextValues): LoginSource | undefined {
  const value = (name: string): string | undefined => textOf(flags[name])
  const [username, issuerUrl, keyFile] = [
    value('username'),
    value('oauth2-issuer-url'),
    pathOf(flags['oauth2-key-file']),
  ]
  const [token, password] = [secretSource(flags, 'token'), secretSource(flags, 'password')]
  if ([token, username, issuerUrl].filter((one) => one !== undefined).length > 1) {
    throw new Usage(
      'E_LOGIN',
      'more than one login: set only one of a token, a user with a password, and an OAuth2 server',
    )
  }
  if ((username === undefined) !== (password === undefined)) {
    throw new Usage(
      'E_LOGIN',
      '--username and a password (--password-env, --password-file or --password-command) must be set together',
    )
  }
  if ((issuerUrl === undefined) !== (keyFile === undefined)) {
    throw new Usage('E_LOGIN', 'an OAuth2 login needs --oauth2-issuer-url and --oauth2-key-file')
  }
  if (token) return {token}
  if (username !== undefined && password) return {basic: {username, password}}
  if (issuerUrl === undefined || keyFile === undefined) return undefined
  const more = compact({audience: value('oauth2-audience'), scope: value('oauth2-scope')})
  return {oauth2: {issuerUrl, keyFile, ...more}}
}

function textsOf(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.map(String) : undefined
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** An absolute path, because the context file is used from any working directory. */
function pathOf(value: unknown): string | undefined {
  return typeof value === 'string' ? resolve(value) : undefined
}

/** The schemes of each address flag. */
const SCHEMES = {
  'admin-url': ['http', 'https'],
  'service-url': ['pulsar', 'pulsar+ssl'],
  'web-socket-url': ['ws', 'wss'],
  'redis-url': ['redis', 'rediss', 'redis+sentinel', 'rediss+sentinel'],
} as const

/** A context references secrets and never contains them. */
function requireAddress(name: string, url: string | undefined, schemes: readonly string[]): void {
  if (url === undefined) return
  if (!schemes.some((scheme) => url.startsWith(`${scheme}://`))) {
    throw new Usage('E_URL', `--${name} must start with ${alternatives(schemes.map((scheme) => `${scheme}://`))}`)
  }
  const hasPassword = /:\/\/[^/]*:.*@/.test(url)
  if (!hasPassword) return
  throw new Usage('E_URL', `--${name} contains a password; contexts reference secrets and do not store them`, {
    next:
      name === 'redis-url' || name === 'redlock'
        ? ['set the password with --redis-password-env, --redis-password-file or --redis-password-command']
        : [],
  })
}

/** `http:// or https://`, `a, b or c`. */
function alternatives(words: readonly string[]): string {
  return [words.slice(0, -1).join(', '), ...words.slice(-1)].join(' or ')
}

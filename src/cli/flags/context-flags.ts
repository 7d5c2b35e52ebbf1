import {resolve} from 'node:path'

import {Flags} from '@oclif/core'

import type {Context, LoginSource} from '../../clients/contexts/context.js'
import {compact} from '../../clients/contexts/imported.js'
import {Usage} from '../../errors.js'
import {requireNamespace} from './namespace.js'
import {secretFlags, secretSource} from './secret-flags.js'

const text = (helpGroup: string, helpValue: string, description: string) =>
  Flags.string({description, helpGroup, helpValue})

/** What a context can hold. */
export const newContextFlags = {
  'admin-url': text('PULSAR', 'http://HOST:8080', "the broker's web address"),
  insecure: Flags.boolean({description: 'take any certificate, of anybody', helpGroup: 'TLS'}),
  namespace: text('PULSAR', 'TENANT/NAMESPACE', 'where topics are that are given by their name alone'),
  'oauth2-audience': text('LOGIN', 'AUDIENCE', 'whom the access token is for'),
  'oauth2-issuer-url': text('LOGIN', 'URL', 'an OAuth2 server that gives access tokens for client credentials'),
  'oauth2-key-file': text('LOGIN', 'FILE', "its client's key file, as Pulsar's own clients take it"),
  'oauth2-scope': text('LOGIN', 'SCOPE', 'what is asked for'),
  ...secretFlags('password', "the user's password", 'LOGIN'),
  protected: Flags.boolean({description: "whoever changes something there has to type the context's name"}),
  'redis-ca-file': text('REDIS', 'FILE', "authorities in place of the machine's own, PEM"),
  'redis-cert-file': text('REDIS', 'FILE', 'a certificate of ours, PEM'),
  'redis-key-file': text('REDIS', 'FILE', 'its key, PEM'),
  ...secretFlags('redis-password', "Redis's password", 'REDIS'),
  redlock: Flags.string({
    description: 'one more of the independent servers on which locks are taken (Redlock); give each',
    helpGroup: 'REDIS',
    helpValue: 'redis://[USER@]HOST:6379',
    multiple: true,
  }),
  'redis-url': text('REDIS', 'redis://[USER@]HOST:6379', 'Redis, without a password'),
  'service-url': text('PULSAR', 'pulsar://HOST:6650', "the broker's binary address"),
  'tls-ca-file': text('TLS', 'FILE', "authorities in place of the machine's own, PEM"),
  'tls-cert-file': text('TLS', 'FILE', 'a certificate to log in with, PEM'),
  'tls-key-file': text('TLS', 'FILE', 'its key, PEM'),
  ...secretFlags('token', 'a token', 'LOGIN'),
  username: text('LOGIN', 'USER', 'a user who logs in by a password'),
  'web-socket-url': text('PULSAR', 'ws://HOST:8080', 'the WebSocket API; where the admin API is when left out'),
}

type NewContextValues = Readonly<Record<string, unknown>>

/** @throws Usage E_LOGIN for a login by halves, or two; E_URL for an address with a secret in it; E_NAMESPACE. */
export function newContext(flags: NewContextValues): Context {
  const value = (name: string): string | undefined => textOf(flags[name])
  const path = (name: string): string | undefined => pathOf(flags[name])
  const namespace = value('namespace')
  requireNamespace(namespace)
  for (const name of ['admin-url', 'service-url', 'web-socket-url', 'redis-url']) requireNoSecret(name, value(name))
  const redlock = textsOf(flags['redlock'])
  for (const url of redlock ?? []) requireNoSecret('redlock', url)
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
    throw new Usage('E_LOGIN', 'give one login: a token, a user with a password, or an OAuth2 server')
  }
  if ((username === undefined) !== (password === undefined)) {
    throw new Usage(
      'E_LOGIN',
      'a user and a password belong together: --username and --password-env, -file or -command',
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

/** As a whole: the file of contexts is read from anywhere. */
function pathOf(value: unknown): string | undefined {
  return typeof value === 'string' ? resolve(value) : undefined
}

/** A file that names secrets and holds none. */
function requireNoSecret(name: string, url: string | undefined): void {
  const hasPassword = url !== undefined && /:\/\/[^/]*:.*@/.test(url)
  if (!hasPassword) return
  throw new Usage('E_URL', `--${name} has a password in it: a context names secrets, it does not hold them`, {
    next:
      name === 'redis-url' || name === 'redlock'
        ? ['name it by --redis-password-env, --redis-password-file or --redis-password-command']
        : [],
  })
}

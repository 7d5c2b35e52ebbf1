import type {Context, LoginSource, TlsSource} from '../../clients/contexts/context.js'
import type {SecretSource} from '../../clients/login/secret.js'
import type {TlsFiles} from '../../clients/login/tls.js'
import {Usage} from '../../errors.js'
import {requireNamespace} from '../flags/namespace.js'
import type {Addresses, Sourced} from './default-addresses.js'

/** The effective addresses and logins of a command. */
export interface Settings {
  /** null without a context */
  readonly context: Sourced<string> | null
  /** An address is null where a context is used that does not contain it, so that a command never mixes two clusters. */
  readonly adminUrl: Sourced<string> | null
  readonly serviceUrl: Sourced<string> | null
  readonly webSocketUrl: Sourced<string> | null
  readonly redisUrl: Sourced<string> | null
  /** the other servers of a Redlock, of which the context's Redis is the first; null for none */
  readonly redlock: Sourced<readonly string[]> | null
  /** null without a login, or with a certificate only */
  readonly login: Sourced<LoginSource> | null
  readonly tls: SourcedTls
  /** null for the password in the URL, or none */
  readonly redisPassword: Sourced<SecretSource> | null
  readonly redisTls: SourcedTls
  /** the namespace of topics given by name only; null for public/default */
  readonly namespace: Sourced<string> | null
  readonly isProtected: boolean
}

export type SourcedTls = {readonly [K in keyof TlsFiles]: Sourced<NonNullable<TlsFiles[K]>> | null}

/** Flags by their names, as set on the command line or by their variables. */
export type GivenFlags = Readonly<Record<string, unknown>>

export interface SettingSources {
  readonly flags: GivenFlags
  /** whether a flag is on the command line; otherwise its value comes from its variable */
  readonly isOnCommandLine: (flag: string) => boolean
  readonly env: NodeJS.ProcessEnv
  /** null without a context */
  readonly context: {readonly name: string; readonly source: string; readonly values: Context} | null
  /** the values that apply without any setting */
  readonly addresses: Sourced<Addresses>
}

/**
 * Resolves each setting: the flag, otherwise the variable, otherwise the context, otherwise the address of the stack in
 * this checkout or the server's default.
 *
 * @throws Usage E_LOGIN when a login is incomplete; E_NAMESPACE.
 */
export function resolveSettings(sources: SettingSources): Settings {
  const {addresses, context} = sources
  const given = (flag: string, variable: string): Sourced<string> | null => givenValue(sources, flag, variable)
  const inContext = <T>(value: T | undefined): Sourced<T> | null =>
    context === null || value === undefined ? null : {value, source: `context ${context.name}`}
  const byDefault = (name: keyof Addresses): Sourced<string> | null =>
    context === null ? {value: addresses.value[name], source: addresses.source} : null
  const values = context?.values ?? {}
  const [adminGiven, adminKnown] = [given('admin-url', 'KEYSHIFT_ADMIN_URL'), inContext(values.adminUrl)]
  const redisGiven = given('redis-url', 'KEYSHIFT_REDIS_URL')
  return {
    context: context && {value: context.name, source: context.source},
    adminUrl: adminGiven ?? adminKnown ?? byDefault('adminUrl'),
    serviceUrl:
      given('service-url', 'KEYSHIFT_SERVICE_URL') ??
      derivedFromAdmin(adminGiven, servicePort) ??
      inContext(values.serviceUrl) ??
      derivedFromAdmin(adminKnown, servicePort) ??
      byDefault('serviceUrl'),
    webSocketUrl:
      given('web-socket-url', 'KEYSHIFT_WEB_SOCKET_URL') ??
      derivedFromAdmin(adminGiven, webSocketPort) ??
      inContext(values.webSocketUrl) ??
      derivedFromAdmin(adminKnown, webSocketPort) ??
      byDefault('webSocketUrl'),
    redisUrl: redisGiven ?? inContext(values.redis?.url) ?? byDefault('redisUrl'),
    redlock: redisGiven ? null : inContext(values.redis?.redlock),
    login: givenLogin(sources) ?? inContext(values.login),
    tls: {
      caFile: given('tls-ca-file', 'KEYSHIFT_TLS_CA_FILE') ?? inContext(values.tls?.caFile),
      certFile: given('tls-cert-file', 'KEYSHIFT_TLS_CERT_FILE') ?? inContext(values.tls?.certFile),
      keyFile: given('tls-key-file', 'KEYSHIFT_TLS_KEY_FILE') ?? inContext(values.tls?.keyFile),
      isInsecure: insecure(sources, inContext(values.tls?.insecure)),
      checksHostname: inContext(values.tls?.checkHostname),
    },
    redisPassword:
      variable(sources, 'KEYSHIFT_REDIS_PASSWORD', (name) => ({env: name})) ??
      variable(sources, 'KEYSHIFT_REDIS_PASSWORD_FILE', (_, file) => ({file})) ??
      inContext(values.redis?.password),
    redisTls: redisTls(sources, values.redis?.tls, inContext),
    namespace: namespaceOf(sources, inContext(values.namespace)),
    isProtected: values.protected === true,
  }
}

/** Variables that contain a secret, or may. */
export const SECRET_VARIABLES: ReadonlySet<string> = new Set([
  'KEYSHIFT_TOKEN',
  'KEYSHIFT_BASIC_PASSWORD',
  'KEYSHIFT_REDIS_PASSWORD',
  'KEYSHIFT_REDIS_URL',
])

type InContext = <T>(value: T | undefined) => Sourced<T> | null

function redisTls(sources: SettingSources, tls: TlsSource | undefined, inContext: InContext): SourcedTls {
  const file = (name: string, known: string | undefined): Sourced<string> | null =>
    variable(sources, `KEYSHIFT_REDIS_TLS_${name}`, (_, value) => value) ?? inContext(known)
  return {
    caFile: file('CA_FILE', tls?.caFile),
    certFile: file('CERT_FILE', tls?.certFile),
    keyFile: file('KEY_FILE', tls?.keyFile),
    isInsecure: insecure(sources, inContext(tls?.insecure)),
    checksHostname: inContext(tls?.checkHostname),
  }
}

function insecure(
  {flags, isOnCommandLine}: SettingSources,
  inContext: Sourced<boolean> | null,
): Sourced<boolean> | null {
  if (flags['insecure'] === true) {
    return {value: true, source: isOnCommandLine('insecure') ? '--insecure' : 'KEYSHIFT_INSECURE'}
  }
  return inContext
}

function namespaceOf(sources: SettingSources, inContext: Sourced<string> | null): Sourced<string> | null {
  const namespace = variable(sources, 'KEYSHIFT_NAMESPACE', (_, value) => value) ?? inContext
  if (namespace !== null) requireNamespace(namespace.value, namespace.source)
  return namespace
}

function givenValue({env, flags, isOnCommandLine}: SettingSources, flag: string, name: string): Sourced<string> | null {
  const value = flags[flag] ?? env[name] // the variable applies to commands without the flag, too
  if (typeof value !== 'string' || value === '') return null
  return {value, source: isOnCommandLine(flag) ? `--${flag}` : name}
}

/** The value of an environment variable; null where it is not set. */
function variable<T>({env}: SettingSources, name: string, read: (name: string, value: string) => T): Sourced<T> | null {
  const value = env[name] ?? ''
  return value === '' ? null : {value: read(name, value), source: name}
}

/** The other addresses of a broker have the admin API's host, unless they are set. */
function derivedFromAdmin(admin: Sourced<string> | null, toAddress: (adminUrl: URL) => string): Sourced<string> | null {
  if (admin === null || !URL.canParse(admin.value)) return admin
  return {value: toAddress(new URL(admin.value)), source: `derived from the admin URL, ${admin.source}`}
}

function webSocketPort(adminUrl: URL): string {
  return adminUrl.href.replace(/^http/, 'ws').replace(/\/+$/, '')
}

/** Pulsar's default ports. */
function servicePort({hostname, protocol}: URL): string {
  return protocol === 'https:' ? `pulsar+ssl://${hostname}:6651` : `pulsar://${hostname}:6650`
}

function givenLogin(sources: SettingSources): Sourced<LoginSource> | null {
  const {env, flags, isOnCommandLine} = sources
  const file = flags['token-file']
  if (typeof file === 'string' && isOnCommandLine('token-file')) {
    return {value: {token: {file}}, source: '--token-file'}
  }
  return (
    variable(sources, 'KEYSHIFT_TOKEN', (name) => ({token: {env: name}})) ??
    variable(sources, 'KEYSHIFT_TOKEN_FILE', (_, path) => ({token: {file: path}})) ??
    variable(sources, 'KEYSHIFT_TOKEN_COMMAND', (_, command) => ({token: {command}})) ??
    variable(sources, 'KEYSHIFT_BASIC_USERNAME', (_, username) => ({
      basic: {username, password: passwordSource(env)},
    })) ??
    variable(sources, 'KEYSHIFT_OAUTH2_KEY_FILE', (_, keyFile) => oauth2Source(env, keyFile))
  )
}

function passwordSource(env: NodeJS.ProcessEnv): SecretSource {
  const file = env['KEYSHIFT_BASIC_PASSWORD_FILE'] ?? ''
  return file === '' ? {env: 'KEYSHIFT_BASIC_PASSWORD'} : {file}
}

function oauth2Source(env: NodeJS.ProcessEnv, keyFile: string): LoginSource {
  const issuerUrl = env['KEYSHIFT_OAUTH2_ISSUER_URL'] ?? ''
  const [audience, scope] = [env['KEYSHIFT_OAUTH2_AUDIENCE'] ?? '', env['KEYSHIFT_OAUTH2_SCOPE'] ?? '']
  if (issuerUrl === '') {
    throw new Usage('E_LOGIN', 'KEYSHIFT_OAUTH2_KEY_FILE is set, but not KEYSHIFT_OAUTH2_ISSUER_URL')
  }
  const more = {...(audience === '' ? {} : {audience}), ...(scope === '' ? {} : {scope})}
  return {oauth2: {issuerUrl, keyFile, ...more}}
}

import type {Context, LoginSource, TlsSource} from '../../clients/contexts/context.js'
import type {SecretSource} from '../../clients/login/secret.js'
import type {TlsFiles} from '../../clients/login/tls.js'
import {Usage} from '../../errors.js'
import type {Addresses, Sourced} from './default-addresses.js'

/** Everything that says where the servers are and who keyshift is for them. */
export interface Settings {
  /** null where no context is used */
  readonly context: Sourced<string> | null
  /** Addresses are null where a context is used that does not have them: those of another cluster would be worse than none. */
  readonly adminUrl: Sourced<string> | null
  readonly serviceUrl: Sourced<string> | null
  readonly webSocketUrl: Sourced<string> | null
  readonly redisUrl: Sourced<string> | null
  /** the other servers of a Redlock, where the first one is the context's; null for none */
  readonly redlock: Sourced<readonly string[]> | null
  /** null for none, or for a certificate alone */
  readonly login: Sourced<LoginSource> | null
  readonly tls: SourcedTls
  /** null for the one in the URL, or none */
  readonly redisPassword: Sourced<SecretSource> | null
  readonly redisTls: SourcedTls
  /** of topics that are given by their name alone; null for public/default */
  readonly namespace: Sourced<string> | null
  readonly isProtected: boolean
}

export type SourcedTls = {readonly [K in keyof TlsFiles]: Sourced<NonNullable<TlsFiles[K]>> | null}

/** Flags by their names, as far as they are given on the command line or by their variables. */
export type GivenFlags = Readonly<Record<string, unknown>>

export interface SettingSources {
  readonly flags: GivenFlags
  /** whether a flag stands on the command line; else its variable said so */
  readonly isOnCommandLine: (flag: string) => boolean
  readonly env: NodeJS.ProcessEnv
  /** null where no context is used */
  readonly context: {readonly name: string; readonly source: string; readonly values: Context} | null
  /** what holds where nobody says anything */
  readonly addresses: Sourced<Addresses>
}

/**
 * What holds: a flag, else a variable, else the context, else the address of the stack in this checkout or the server's default.
 *
 * @throws Usage E_LOGIN when a login is given by halves.
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
    namespace: variable(sources, 'KEYSHIFT_NAMESPACE', (_, value) => value) ?? inContext(values.namespace),
    isProtected: values.protected === true,
  }
}

/** Variables that hold a secret, or may. */
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

function givenValue({env, flags, isOnCommandLine}: SettingSources, flag: string, name: string): Sourced<string> | null {
  const value = flags[flag] ?? env[name] // a command without the flag heeds the variable as well
  if (typeof value !== 'string' || value === '') return null
  return {value, source: isOnCommandLine(flag) ? `--${flag}` : name}
}

/** What an environment variable says; null where it is not set. */
function variable<T>({env}: SettingSources, name: string, read: (name: string, value: string) => T): Sourced<T> | null {
  const value = env[name] ?? ''
  return value === '' ? null : {value: read(name, value), source: name}
}

/** What else a broker offers is on the admin API's host, unless it has an address of its own. */
function derivedFromAdmin(admin: Sourced<string> | null, toAddress: (adminUrl: URL) => string): Sourced<string> | null {
  if (admin === null || !URL.canParse(admin.value)) return admin
  return {value: toAddress(new URL(admin.value)), source: `derived from the admin URL, ${admin.source}`}
}

function webSocketPort(adminUrl: URL): string {
  return adminUrl.href.replace(/^http/, 'ws').replace(/\/+$/, '')
}

/** Pulsar's own ports. */
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

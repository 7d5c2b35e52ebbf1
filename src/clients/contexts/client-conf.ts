import {getProperties} from 'properties-file'

import {Usage} from '../../errors.js'
import {parametersOf} from '../login/secret-field.js'
import type {SecretSource} from '../login/secret.js'
import type {Context, LoginSource, TlsSource} from './context.js'
import {compact, type Imported, pathOf, readForImport, textIn} from './imported.js'
import {suggestedCommand} from '../../suggested-command.js'

/** The settings of Pulsar's own tools, with their names in client.conf. */
type Settings = Readonly<Partial<Record<string, string>>>

/**
 * Imports a client.conf of Pulsar's own tools. Secrets stay in the file and are read from it when they are needed.
 *
 * @see https://github.com/apache/pulsar/blob/v4.0.7/conf/client.conf
 * @throws Usage E_IMPORT when the file cannot be read, or uses an authentication plugin that keyshift does not support.
 */
export async function importClientConf(path: string, name: string): Promise<Imported> {
  return imported(name, getProperties(await readForImport(path)), (field) => ({file: path, field}), path)
}

/** Names that programs commonly give to the same settings, the first one that is set first. */
const ADMIN_VARIABLES = ['PULSAR_ADMIN_URL', 'PULSAR_ADMIN_SERVICE_URL', 'PULSAR_WEB_SERVICE_URL', 'PULSAR_SERVICE_URL']
const SERVICE_VARIABLES = ['PULSAR_BROKER_SERVICE_URL', 'PULSAR_BROKER_URL', 'PULSAR_SERVICE_URL', 'PULSAR_URL']
const TOKEN_VARIABLES = ['PULSAR_TOKEN', 'PULSAR_AUTH_TOKEN']

/**
 * Imports the same settings from environment variables: those with the names of client.conf, which pulsarctl uses with
 * PULSAR_CLIENT_FROM_ENV=true, otherwise `PULSAR_…` variables such as PULSAR_ADMIN_URL and PULSAR_SERVICE_URL.
 *
 * @returns also the variables that contain the addresses.
 * @throws Usage E_IMPORT as importClientConf does.
 */
export function importClientEnv(
  env: NodeJS.ProcessEnv,
  name: string,
): Imported & {readonly variables: readonly string[]} {
  const secretAt = (place: string): SecretSource => {
    const [variable = '', field] = place.split('/')
    return field === undefined ? {env: variable} : {env: variable, field}
  }
  const variables = ['webServiceUrl', 'serviceUrl'].filter((key) => textIn(env[key]) !== undefined)
  if (variables.length > 0) return {...imported(name, env, secretAt, 'the environment'), variables}
  return importPulsarVariables(env, name)
}

function importPulsarVariables(
  env: NodeJS.ProcessEnv,
  name: string,
): Imported & {readonly variables: readonly string[]} {
  const first = (names: readonly string[], form: RegExp): string | undefined =>
    names.find((variable) => form.test(env[variable] ?? ''))
  const [admin, service] = [first(ADMIN_VARIABLES, /^https?:/), first(SERVICE_VARIABLES, /^pulsar(\+ssl)?:/)]
  const token = first(TOKEN_VARIABLES, /./)
  const serviceUrl = service === undefined ? undefined : firstUrl(env[service])
  const adminUrl = admin === undefined ? adminOf(serviceUrl) : firstUrl(env[admin])
  if (adminUrl === undefined) {
    throw new Usage('E_IMPORT', 'the environment contains neither webServiceUrl nor PULSAR_ADMIN_URL')
  }
  return {
    name,
    context: {
      adminUrl,
      ...compact<Context>({serviceUrl, login: token === undefined ? undefined : {token: {env: token}}}),
    },
    notes:
      admin === undefined ? [`the admin URL ${adminUrl} is derived from ${service ?? ''} with the default port`] : [],
    variables: [admin, service].filter((variable) => variable !== undefined),
  }
}

/** The admin URL on the same host, with Pulsar's default port. */
function adminOf(serviceUrl: string | undefined): string | undefined {
  if (serviceUrl === undefined || !URL.canParse(serviceUrl)) return undefined
  const {hostname, protocol} = new URL(serviceUrl)
  return protocol === 'pulsar+ssl:' ? `https://${hostname}:8443` : `http://${hostname}:8080`
}

function imported(
  name: string,
  settings: Settings,
  secretAt: (field: string) => SecretSource,
  where: string,
): Imported {
  const value = (key: string): string | undefined => textIn(settings[key])
  const {certificate, login} = loginOf(value('authPlugin') ?? '', value('authParams') ?? '', secretAt, where)
  const trust = value('tlsTrustCertsFilePath')
  const context = compact<Context>({
    adminUrl: firstUrl(value('webServiceUrl') ?? value('serviceUrl')),
    serviceUrl: value('brokerServiceUrl'),
    login,
    tls: compact({
      caFile: trust === undefined ? undefined : pathOf(trust),
      certFile: certificate?.certFile ?? value('tlsCertificateFilePath'),
      keyFile: certificate?.keyFile ?? value('tlsKeyFilePath'),
      insecure: value('tlsAllowInsecureConnection') === 'true' ? true : undefined,
      checkHostname: value('tlsEnableHostnameVerification') === 'false' ? false : undefined,
    }),
  })
  if (context?.adminUrl === undefined) {
    throw new Usage('E_IMPORT', `${where} has neither webServiceUrl nor serviceUrl`, {data: {where}})
  }
  const notes = [
    ...(value('tlsEnableHostnameVerification') === undefined && context.tls !== undefined
      ? ["keyshift verifies the host name in certificates, unlike Pulsar's tools before 5.0"]
      : []),
    ...(value('useKeyStoreTls') === 'true'
      ? ['Java key stores are not supported: export PEM files and set them in the context']
      : []),
  ]
  return {name, context, notes}
}

/** `http://a:8080,b:8080` lists several brokers. One is enough, because brokers redirect. */
function firstUrl(urls: string | undefined): string | undefined {
  return urls?.split(',')[0]?.trim()
}

interface FoundLogin {
  readonly login: LoginSource | undefined
  readonly certificate?: TlsSource
}

function loginOf(plugin: string, params: string, secretAt: (field: string) => SecretSource, where: string): FoundLogin {
  switch (plugin.split('.').at(-1)) {
    case '':
    case 'AuthenticationDisabled':
      return {login: undefined}
    case 'AuthenticationToken':
    case 'token':
      return {login: {token: tokenAt(params, secretAt)}}
    case 'AuthenticationBasic':
    case 'basic': {
      const {userId: username = ''} = parametersOf(params)
      return {login: {basic: {username, password: secretAt('authParams/password')}}}
    }
    case 'AuthenticationTls':
    case 'tls': {
      const {tlsCertFile: certFile, tlsKeyFile: keyFile} = parametersOf(params)
      return {login: undefined, certificate: {...compact<TlsSource>({certFile, keyFile})}}
    }
    case 'AuthenticationOAuth2': {
      const {audience, issuerUrl = '', privateKey = '', scope} = parametersOf(params)
      const keyFile = requireKeyFile(privateKey, where)
      return {login: {oauth2: {issuerUrl, keyFile, ...compact({audience, scope})}}}
    }
    default:
      throw new Usage(
        'E_IMPORT',
        `${where} uses the authentication plugin ${plugin}, which keyshift does not support`,
        {data: {plugin}},
      )
  }
}

/** `token:…`, `file:///path`, `{"token":"…"}`, or the token itself. */
function tokenAt(params: string, secretAt: (field: string) => SecretSource): SecretSource {
  if (params.startsWith('file:')) return {file: pathOf(params)}
  return secretAt(params.startsWith('token:') || params.startsWith('{') ? 'authParams/token' : 'authParams')
}

function requireKeyFile(privateKey: string, where: string): string {
  if (privateKey !== '' && !privateKey.startsWith('data:')) return pathOf(privateKey)
  throw new Usage('E_IMPORT', `the OAuth2 key in ${where} is not the path of a file`, {
    next: ['store the key in a file and pass the file to context add', suggestedCommand('context', 'add', '--help')],
  })
}

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

/**
 * Imports the same settings from environment variables of the same names, which pulsarctl uses with
 * PULSAR_CLIENT_FROM_ENV=true.
 *
 * @throws Usage E_IMPORT as importClientConf does.
 */
export function importClientEnv(env: NodeJS.ProcessEnv, name: string): Imported {
  const secretAt = (place: string): SecretSource => {
    const [variable = '', field] = place.split('/')
    return field === undefined ? {env: variable} : {env: variable, field}
  }
  return imported(name, env, secretAt, 'the environment')
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

import {getProperties} from 'properties-file'

import {Usage} from '../../errors.js'
import {parametersOf} from '../login/secret-field.js'
import type {SecretSource} from '../login/secret.js'
import type {Context, LoginSource, TlsSource} from './context.js'
import {compact, type Imported, pathOf, readForImport, textIn} from './imported.js'
import {suggestedCommand} from '../../suggested-command.js'

/** Settings of Pulsar's own tools, by the names that client.conf has for them. */
type Settings = Readonly<Partial<Record<string, string>>>

/**
 * A client.conf of Pulsar's own tools. Secrets in it stay there: they are looked up when they are needed.
 *
 * @see https://github.com/apache/pulsar/blob/v4.0.7/conf/client.conf
 * @throws Usage E_IMPORT when it can't be read, or logs in by a way that keyshift has not.
 */
export async function importClientConf(path: string, name: string): Promise<Imported> {
  return imported(name, getProperties(await readForImport(path)), (field) => ({file: path, field}), path)
}

/**
 * The same settings as environment variables of the same names, which pulsarctl heeds with PULSAR_CLIENT_FROM_ENV=true.
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
      ? ["keyshift checks the host name in a certificate, which Pulsar's tools did not before 5.0"]
      : []),
    ...(value('useKeyStoreTls') === 'true' ? ['Java key stores are not read: export PEM files and name them'] : []),
  ]
  return {name, context, notes}
}

/** `http://a:8080,b:8080` names several; one will do, for brokers redirect. */
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
      throw new Usage('E_IMPORT', `${where} logs in by ${plugin}, which keyshift does not know`, {data: {plugin}})
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
    next: ['write the key to a file and pass that file to context add', suggestedCommand('context', 'add', '--help')],
  })
}

import {parse} from 'yaml'

import {Usage} from '../../errors.js'
import type {Context, LoginSource} from './context.js'
import {compact, type Imported, pathOf, readForImport, textIn} from './imported.js'

/** One entry of `auth-info`; an empty text is a missing value. */
interface AuthInfo {
  readonly token?: string
  readonly tokenFile?: string
  readonly issuer_endpoint?: string
  readonly audience?: string
  readonly scope?: string
  readonly key_file?: string
  readonly tls_trust_certs_file_path?: string
  readonly tls_allow_insecure_connection?: boolean
}

interface PulsarctlFile {
  readonly 'current-context'?: string
  readonly 'auth-info'?: Readonly<Record<string, AuthInfo>> | null
  readonly contexts?: Readonly<Record<string, {readonly 'admin-service-url'?: string}>> | null
}

/**
 * Imports the contexts of pulsarctl and snctl. A token in their file stays there and is read from it when it is needed.
 *
 * @see https://github.com/streamnative/pulsarctl/blob/master/pkg/cmdutils/config.go
 * @throws Usage E_IMPORT when the file cannot be read or has another format.
 */
export async function importPulsarctl(path: string): Promise<Imported[]> {
  const {contexts, 'auth-info': logins, 'current-context': current} = parseFile(await readForImport(path), path)
  return Object.entries(contexts ?? {}).map(([name, context]) => {
    const login = logins?.[name] ?? {}
    const {tls_allow_insecure_connection: insecure} = login
    const imported = compact<Context>({
      adminUrl: textIn(context['admin-service-url']),
      login: loginOf(login, name, path),
      tls: compact({
        caFile: textIn(login.tls_trust_certs_file_path),
        insecure: insecure === true ? true : undefined,
      }),
    })
    return {name, context: imported ?? {}, isCurrent: name === current, notes: []}
  })
}

function parseFile(text: string, path: string): PulsarctlFile {
  try {
    const file = parse(text) as unknown
    if (typeof file === 'object' && file !== null && 'contexts' in file) return file as PulsarctlFile
  } catch {
    // The error of the parser is not shown, because it quotes the line, which may contain a token.
  }
  throw new Usage('E_IMPORT', `${path} is not a context file of pulsarctl`, {data: {path}})
}

/** In the order of pulsarctl: a key file means OAuth2, then the token, then the token file. */
function loginOf(login: AuthInfo, name: string, path: string): LoginSource | undefined {
  const [keyFile, issuerUrl] = [textIn(login.key_file), textIn(login.issuer_endpoint)]
  if (keyFile !== undefined && issuerUrl !== undefined) {
    const more = {...compact({audience: textIn(login.audience), scope: textIn(login.scope)})}
    return {oauth2: {issuerUrl, keyFile: pathOf(keyFile), ...more}}
  }
  const field = `/auth-info/${name.replaceAll('~', '~0').replaceAll('/', '~1')}/token`
  if (textIn(login.token) !== undefined) return {token: {file: path, field}}
  const tokenFile = textIn(login.tokenFile)
  return tokenFile === undefined ? undefined : {token: {file: pathOf(tokenFile)}}
}

import {type Login, NO_LOGIN} from './login.js'
import {PLAIN_TLS, readTls, type TlsFiles, type TlsOptions} from './tls.js'

/** How keyshift logs in to a server, and which certificates it trusts. */
export interface Credentials {
  readonly login: Login
  readonly tls: TlsOptions
  /** the same for a client that reads the files itself */
  readonly tlsFiles: TlsFiles
}

export const NO_CREDENTIALS: Credentials = {login: NO_LOGIN, tls: {rejectUnauthorized: true}, tlsFiles: PLAIN_TLS}

/** @throws Usage E_TLS_FILE */
export async function readCredentials(login: Login, tlsFiles: TlsFiles): Promise<Credentials> {
  return {login, tlsFiles, tls: await readTls(tlsFiles)}
}

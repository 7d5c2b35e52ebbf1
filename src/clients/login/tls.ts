import {readFile} from 'node:fs/promises'
import type {ConnectionOptions, SecureContextOptions} from 'node:tls'

import {Usage} from '../../errors.js'

/** Where what TLS needs is; null for the machine's own authorities, and for no certificate of ours. */
export interface TlsFiles {
  /** authorities in place of the machine's, PEM */
  readonly caFile: string | null
  /** our certificate and its key, PEM */
  readonly certFile: string | null
  readonly keyFile: string | null
  /** Takes any certificate, of anybody. */
  readonly isInsecure: boolean
  /** whether the host has to be named in its certificate */
  readonly checksHostname: boolean
}

export const PLAIN_TLS: TlsFiles = {
  caFile: null,
  certFile: null,
  keyFile: null,
  isInsecure: false,
  checksHostname: true,
}

/** As node:tls takes it. */
export type TlsOptions = Pick<SecureContextOptions, 'ca' | 'cert' | 'key'> &
  Pick<ConnectionOptions, 'checkServerIdentity'> & {readonly rejectUnauthorized: boolean}

/** @throws Usage E_TLS_FILE when a file can't be read, or one of certificate and key is missing. */
export async function readTls(files: TlsFiles): Promise<TlsOptions> {
  const {caFile, certFile, keyFile} = files
  if ((certFile === null) !== (keyFile === null)) {
    throw new Usage('E_TLS_FILE', 'a certificate and its key belong together: only one of them is given', {
      data: {certFile, keyFile},
    })
  }
  const [ca, cert, key] = await Promise.all([read(caFile), read(certFile), read(keyFile)])
  return {
    ...(ca === null ? {} : {ca}),
    ...(cert === null ? {} : {cert}),
    ...(key === null ? {} : {key}),
    ...(files.checksHostname ? {} : {checkServerIdentity: () => undefined}),
    rejectUnauthorized: !files.isInsecure,
  }
}

async function read(path: string | null): Promise<Buffer | null> {
  if (path === null) return null
  return readFile(path).catch((error: unknown) => {
    const {code, message} = error as NodeJS.ErrnoException
    throw new Usage('E_TLS_FILE', `the file ${path} for TLS can't be read (${code ?? message})`, {data: {path}})
  })
}

/** Whether a connection failed by TLS itself: by a certificate, ours or theirs, or by speaking it to a port that does not. */
export function isAboutTls(cause: string): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME|ERR_(?:SSL|TLS)|EPROTO|UNABLE_TO_GET_ISSUER/.test(cause)
}

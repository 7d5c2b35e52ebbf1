import {readFile} from 'node:fs/promises'
import type {ConnectionOptions, SecureContextOptions} from 'node:tls'

import {Usage} from '../../errors.js'

/** The files that TLS needs; null for the system CAs, and for no client certificate. */
export interface TlsFiles {
  /** CA bundle (PEM) to use instead of the system CAs */
  readonly caFile: string | null
  /** client certificate and key, PEM */
  readonly certFile: string | null
  readonly keyFile: string | null
  /** Skips the verification of certificates. */
  readonly isInsecure: boolean
  /** whether the host name must match the certificate */
  readonly checksHostname: boolean
}

export const PLAIN_TLS: TlsFiles = {
  caFile: null,
  certFile: null,
  keyFile: null,
  isInsecure: false,
  checksHostname: true,
}

/** In the form of node:tls. */
export type TlsOptions = Pick<SecureContextOptions, 'ca' | 'cert' | 'key'> &
  Pick<ConnectionOptions, 'checkServerIdentity'> & {readonly rejectUnauthorized: boolean}

/** @throws Usage E_TLS_FILE when a file cannot be read, or one of certificate and key is missing. */
export async function readTls(files: TlsFiles): Promise<TlsOptions> {
  const {caFile, certFile, keyFile} = files
  if ((certFile === null) !== (keyFile === null)) {
    throw new Usage('E_TLS_FILE', 'a client certificate needs its key: only one of them is set', {
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
    throw new Usage('E_TLS_FILE', `cannot read the TLS file ${path} (${code ?? message})`, {data: {path}})
  })
}

/** Whether a connection failed because of TLS: an untrusted or rejected certificate, or a port without TLS. */
export function isAboutTls(cause: string): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME|ERR_(?:SSL|TLS)|EPROTO|UNABLE_TO_GET_ISSUER/.test(cause)
}

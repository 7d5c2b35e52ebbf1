// @ts-check
// Generates a certificate authority for a stack or a test, and certificates that it signs, as PEM files.
import {mkdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'

/** @typedef {{certificate: string, key: string}} Pair paths of two PEM files; the key is PKCS #8 */

const HERE = [
  {type: /** @type {const} */ (2), value: 'localhost'},
  {type: /** @type {const} */ (7), ip: '127.0.0.1'},
]

/**
 * Writes the certificate of a new authority as `<name>.pem`. For each common name it writes a certificate of this authority as
 * `<common name>.pem` with its key `<common name>.key.pem`, valid for a server on this machine and for a client. The key of the
 * authority is not stored.
 * @param {string} dir created if it does not exist
 * @param {{authority: string, names: string[]}} wanted
 * @returns {Promise<{authority: string, pairs: Record<string, Pair>}>}
 */
export async function makeCertificates(dir, {authority, names}) {
  // Imported here because the other variants of the stack run before any dependency is installed.
  const {generate} = await import('selfsigned')
  const make = (/** @type {string} */ name, /** @type {import('selfsigned').SelfsignedOptions} */ options) =>
    generate([{name: 'commonName', value: name}], {algorithm: 'sha256', ...options})
  const root = await make(authority, {
    extensions: [
      {name: 'basicConstraints', cA: true, critical: true},
      {name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true},
    ],
  })
  mkdirSync(dir, {recursive: true})
  const file = join(dir, `${authority}.pem`)
  writeFileSync(file, root.cert)
  const pairs = await Promise.all(
    names.map(async (name) => {
      const made = await make(name, {
        ca: {key: root.private, cert: root.cert},
        extensions: [
          {name: 'basicConstraints', cA: false, critical: true},
          {name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true},
          {name: 'extKeyUsage', serverAuth: true, clientAuth: true},
          {name: 'subjectAltName', altNames: HERE},
        ],
      })
      const pair = {certificate: join(dir, `${name}.pem`), key: join(dir, `${name}.key.pem`)}
      writeFileSync(pair.certificate, made.cert)
      writeFileSync(pair.key, made.private, {mode: 0o600})
      return [name, pair]
    }),
  )
  return {authority: file, pairs: Object.fromEntries(pairs)}
}

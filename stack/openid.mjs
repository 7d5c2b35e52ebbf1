// @ts-check
// The OpenID server of a stack: its settings, the key files of its clients, and its health check.
import {generateKeyPairSync, randomBytes} from 'node:crypto'
import {mkdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'

/** @typedef {{id: string, secret: string, tokenTtlSeconds: number}} OpenIdClient */
/** @typedef {{issuer: string, port: number, audiences: string[], clients: OpenIdClient[], key: object}} OpenIdSettings */

/** The audience that the broker accepts. */
export const AUDIENCE = 'urn:keyshift:pulsar'
/** An audience that the server accepts and the broker rejects. */
const OTHER_AUDIENCE = 'urn:keyshift:other'

/** The clients and the lifetime of their tokens in seconds. The name is also the role: `sub` of the tokens. */
const CLIENTS = {admin: 600, reader: 600, guest: 600, brief: 3}

/** @param {import('./ports.mjs').Ports} ports */
export const issuerUrl = (ports) => `http://127.0.0.1:${ports.openid}`

/**
 * Writes the settings of the server, and a key file for each client in the format of Pulsar's clients: `oauth2-<client>.json`.
 * @param {string} dir
 * @param {import('./ports.mjs').Ports} ports
 */
export function writeOpenId(dir, ports) {
  mkdirSync(dir, {recursive: true})
  const issuer = issuerUrl(ports)
  const clients = Object.entries(CLIENTS).map(([id, tokenTtlSeconds]) => {
    return {id, tokenTtlSeconds, secret: randomBytes(24).toString('base64url')}
  })
  const {privateKey} = generateKeyPairSync('rsa', {modulusLength: 2048})
  const key = {...privateKey.export({format: 'jwk'}), kid: 'stack', alg: 'RS256', use: 'sig'}
  /** @type {OpenIdSettings} */
  const settings = {issuer, port: ports.openid, audiences: [AUDIENCE, OTHER_AUDIENCE], clients, key}
  writePrivate(settingsFile(dir), settings)
  for (const {id, secret} of clients) {
    const login = {client_id: id, client_secret: secret, client_email: `${id}@localhost`, issuer_url: issuer}
    writePrivate(join(dir, `oauth2-${id}.json`), {type: 'client_credentials', ...login})
  }
}

/** @param {string} dir the folder of its settings @returns {import('./processes.mjs').Program} */
export function openIdProgram(dir) {
  const script = fileURLToPath(new URL('openid-server.mjs', import.meta.url))
  return {
    name: 'openid',
    command: process.execPath,
    args: [script, settingsFile(dir)],
    cwd: dir,
    log: openIdLog(dir),
  }
}

/** @param {string} dir */
export const openIdLog = (dir) => join(dir, 'openid.log')

/** Why it is not ready; undefined if it is. @param {import('./ports.mjs').Ports} ports */
export async function openIdProblem(ports) {
  try {
    const {status} = await fetch(`${issuerUrl(ports)}/.well-known/openid-configuration`, {
      headers: {connection: 'close'},
      signal: AbortSignal.timeout(5_000),
    })
    return status === 200 ? undefined : `the OpenID server answers ${status}`
  } catch (error) {
    return String(/** @type {any} */ (error).cause?.message || error)
  }
}

/** @param {string} dir */
const settingsFile = (dir) => join(dir, 'openid.json')

/** @param {string} path @param {object} value */
function writePrivate(path, value) {
  writeFileSync(path, `${JSON.stringify(value)}\n`, {mode: 0o600})
}

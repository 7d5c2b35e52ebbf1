// @ts-check
// The logins of a variant: secrets that are generated for one stack, the files that contain them, and the broker settings.
import {randomBytes} from 'node:crypto'
import {readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {makeCertificates} from './certificates.mjs'
import {VARIANTS} from './identity.mjs'
import {AUDIENCE, issuerUrl, openIdProblem, openIdProgram, writeOpenId} from './openid.mjs'
import {signToken} from './tokens.mjs'

/** @typedef {import('./identity.mjs').Identity} Identity */
/** @typedef {import('./ports.mjs').Ports} Ports */
/** @typedef {Record<string, string | number | boolean>} Settings */

const PROVIDERS = 'org.apache.pulsar.broker.authentication.AuthenticationProvider'
const SUPERUSER = 'admin'

/** Whether the variant has every kind of login. @param {Identity} identity */
export const hasEveryLogin = ({config}) => VARIANTS[config].auth === 'every'

/** Whether the brokers have TLS ports. @param {Identity} identity */
export const hasTls = ({config}) => VARIANTS[config].hasTls === true

/** The names of additional ports for logins. @param {Identity} identity */
export const loginPorts = (identity) => (hasEveryLogin(identity) ? ['openid'] : [])

/** The folder with certificates, passwords and key files; not every variant has one. @param {string} dir */
export const loginsDir = (dir) => join(dir, 'logins')

/** The file of the superuser's token; undefined in variants without logins. @param {Identity} identity @param {string} dir */
export const tokenFile = ({config}, dir) => (VARIANTS[config].auth ? join(dir, 'token') : undefined)

/** The HTTP headers that log in the superuser; empty in variants without logins. @param {Identity} identity @param {string} dir @returns {Record<string, string>} */
export function adminHeaders(identity, dir) {
  const file = tokenFile(identity, dir)
  return file ? {authorization: `Bearer ${readFileSync(file, 'utf8').trim()}`} : {}
}

/** Additional programs that the logins need. They start after prepareLogins. @param {Identity} identity @param {string} dir */
export const loginPrograms = (identity, dir) => (hasEveryLogin(identity) ? [openIdProgram(loginsDir(dir))] : [])

/** Why the login programs are not ready; undefined if they are. @param {Identity} identity @param {Ports} ports */
export const loginsProblem = async (identity, ports) => (hasEveryLogin(identity) ? openIdProblem(ports) : undefined)

/**
 * Generates the secrets and writes their files.
 * @param {Identity} identity
 * @param {{dir: string, ports: Ports}} options
 * @returns {Promise<Settings>} the settings that the broker needs for them
 */
export async function prepareLogins(identity, {dir, ports}) {
  if (VARIANTS[identity.config].auth === undefined) return {}
  return {
    ...tokenSettings(dir),
    ...(hasTls(identity) ? await tlsSettings(dir) : {}),
    ...(hasEveryLogin(identity) ? await everySettings(dir, ports) : {}),
  }
}

/** Generates the secret that signs tokens, and the token of the superuser. @param {string} dir @returns {Settings} */
function tokenSettings(dir) {
  const secret = randomBytes(32)
  const token = signToken(secret, SUPERUSER)
  writeFileSync(join(dir, 'token'), token, {mode: 0o600})
  writeFileSync(join(dir, 'token-secret'), secret, {mode: 0o600})
  return {
    authenticationEnabled: true,
    authorizationEnabled: true,
    authenticationProviders: `${PROVIDERS}Token`,
    tokenSecretKey: `data:;base64,${secret.toString('base64')}`,
    superUserRoles: SUPERUSER,
    brokerClientAuthenticationPlugin: 'org.apache.pulsar.client.impl.auth.AuthenticationToken',
    brokerClientAuthenticationParameters: `token:${token}`,
  }
}

/** Writes certificates of the brokers, the superuser, the guest, and of a superuser that the broker does not trust. @param {string} dir @returns {Promise<Settings>} */
async function tlsSettings(dir) {
  const folder = loginsDir(dir)
  const {authority, pairs} = await makeCertificates(folder, {authority: 'ca', names: ['server', SUPERUSER, 'guest']})
  // The same name, signed by an authority that the broker does not trust.
  await makeCertificates(join(folder, 'other'), {authority: 'other-ca', names: [SUPERUSER]})
  return {
    tlsCertificateFilePath: pairs.server.certificate,
    tlsKeyFilePath: pairs.server.key,
    tlsTrustCertsFilePath: authority,
    tlsRequireTrustedClientCertOnConnect: false,
  }
}

/** Adds passwords, certificates and OpenID Connect to the tokens. @param {string} dir @param {Ports} ports @returns {Promise<Settings>} */
async function everySettings(dir, ports) {
  const folder = loginsDir(dir)
  writeOpenId(folder, ports)
  return {
    authenticationProviders: [
      `${PROVIDERS}Token`,
      'org.apache.pulsar.broker.authentication.oidc.AuthenticationProviderOpenID',
      `${PROVIDERS}Basic`,
      `${PROVIDERS}Tls`,
    ].join(),
    basicAuthConf: `file://${await writePasswords(folder)}`,
    openIDAllowedTokenIssuers: issuerUrl(ports),
    openIDAllowedAudiences: AUDIENCE,
    openIDRequireIssuersUseHttps: false,
  }
}

/** Writes passwords of the superuser and the guest as `basic-<user>.json`, and their hashes for the broker. @param {string} folder */
async function writePasswords(folder) {
  const {default: hash} = await import('apache-md5')
  const lines = [SUPERUSER, 'guest'].map((userId) => {
    const password = randomBytes(18).toString('base64url')
    writeFileSync(join(folder, `basic-${userId}.json`), `${JSON.stringify({userId, password})}\n`, {mode: 0o600})
    return `${userId}:${hash(password)}\n`
  })
  const file = join(folder, 'htpasswd')
  writeFileSync(file, lines.join(''), {mode: 0o600})
  return file
}

// @ts-check
// What a variant with logins has: secrets made for the stack alone, the files that hold them, and the broker's settings for them.
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

/** Whether the variant has logins of every kind. @param {Identity} identity */
export const hasEveryLogin = ({config}) => VARIANTS[config].auth === 'every'

/** Whether the brokers have TLS ports. @param {Identity} identity */
export const hasTls = ({config}) => VARIANTS[config].hasTls === true

/** What needs a port because of logins. @param {Identity} identity */
export const loginPorts = (identity) => (hasEveryLogin(identity) ? ['openid'] : [])

/** The folder with certificates, passwords and key files, in the variants that have them. @param {string} dir */
export const loginsDir = (dir) => join(dir, 'logins')

/** The admin token's file, in the variants that have one. @param {Identity} identity @param {string} dir */
export const tokenFile = ({config}, dir) => (VARIANTS[config].auth ? join(dir, 'token') : undefined)

/** The header that logs in the superuser, where one is needed. @param {Identity} identity @param {string} dir @returns {Record<string, string>} */
export function adminHeaders(identity, dir) {
  const file = tokenFile(identity, dir)
  return file ? {authorization: `Bearer ${readFileSync(file, 'utf8').trim()}`} : {}
}

/** What runs beside the broker, once the logins are prepared. @param {Identity} identity @param {string} dir */
export const loginPrograms = (identity, dir) => (hasEveryLogin(identity) ? [openIdProgram(loginsDir(dir))] : [])

/** What keeps that from being ready; undefined when it is. @param {Identity} identity @param {Ports} ports */
export const loginsProblem = async (identity, ports) => (hasEveryLogin(identity) ? openIdProblem(ports) : undefined)

/**
 * Makes the secrets, writes their files, and says what the broker has to know of them.
 * @param {Identity} identity
 * @param {{dir: string, ports: Ports}} options
 * @returns {Promise<Settings>}
 */
export async function prepareLogins(identity, {dir, ports}) {
  if (VARIANTS[identity.config].auth === undefined) return {}
  return {
    ...tokenSettings(dir),
    ...(hasTls(identity) ? await tlsSettings(dir) : {}),
    ...(hasEveryLogin(identity) ? await everySettings(dir, ports) : {}),
  }
}

/** A secret for this stack alone, and a token signed with it for the superuser. @param {string} dir @returns {Settings} */
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

/** Certificates of the brokers, of the superuser and of nobody, and a stranger's. @param {string} dir @returns {Promise<Settings>} */
async function tlsSettings(dir) {
  const folder = loginsDir(dir)
  const {authority, pairs} = await makeCertificates(folder, {authority: 'ca', names: ['server', SUPERUSER, 'nobody']})
  // The same name, vouched for by somebody whom the broker does not trust.
  await makeCertificates(join(folder, 'other'), {authority: 'other-ca', names: [SUPERUSER]})
  return {
    tlsCertificateFilePath: pairs.server.certificate,
    tlsKeyFilePath: pairs.server.key,
    tlsTrustCertsFilePath: authority,
    tlsRequireTrustedClientCertOnConnect: false,
  }
}

/** Passwords, certificates and OpenID Connect as logins, beside the tokens. @param {string} dir @param {Ports} ports @returns {Promise<Settings>} */
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

/** Passwords of the superuser and of nobody, as `basic-<user>.json`; the broker gets their hashes. @param {string} folder */
async function writePasswords(folder) {
  const {default: hash} = await import('apache-md5')
  const lines = [SUPERUSER, 'nobody'].map((userId) => {
    const password = randomBytes(18).toString('base64url')
    writeFileSync(join(folder, `basic-${userId}.json`), `${JSON.stringify({userId, password})}\n`, {mode: 0o600})
    return `${userId}:${hash(password)}\n`
  })
  const file = join(folder, 'htpasswd')
  writeFileSync(file, lines.join(''), {mode: 0o600})
  return file
}

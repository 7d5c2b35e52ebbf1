// @ts-check
// JSON Web Tokens in the format of Pulsar's token provider: signed by HS256 with the secret of the stack.
import {createHmac} from 'node:crypto'

/**
 * @param {Buffer} secret
 * @param {string} subject the role
 * @param {{expiresInS?: number}} [options] seconds from now, below 0 for an expired token; without it, the token never expires
 */
export function signToken(secret, subject, {expiresInS} = {}) {
  const expiry = expiresInS === undefined ? {} : {exp: Math.floor(Date.now() / 1000) + expiresInS}
  const encode = (/** @type {object} */ part) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const unsigned = `${encode({alg: 'HS256'})}.${encode({sub: subject, ...expiry})}`
  return `${unsigned}.${createHmac('sha256', secret).update(unsigned).digest('base64url')}`
}

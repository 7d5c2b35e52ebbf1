// @ts-check
// JSON web tokens as Pulsar's token provider takes them: signed with the stack's own secret by HS256.
import {createHmac} from 'node:crypto'

/**
 * @param {Buffer} secret
 * @param {string} subject the role
 * @param {{expiresInS?: number}} [options] seconds from now, below 0 for one that is over; without it, it never expires
 */
export function signToken(secret, subject, {expiresInS} = {}) {
  const expiry = expiresInS === undefined ? {} : {exp: Math.floor(Date.now() / 1000) + expiresInS}
  const encode = (/** @type {object} */ part) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const unsigned = `${encode({alg: 'HS256'})}.${encode({sub: subject, ...expiry})}`
  return `${unsigned}.${createHmac('sha256', secret).update(unsigned).digest('base64url')}`
}

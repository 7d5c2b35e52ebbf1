import {type Credentials, NO_CREDENTIALS} from '../../../src/clients/login/credentials.js'
import {secretFrom} from '../../../src/clients/login/secret.js'
import {TokenLogin} from '../../../src/clients/login/token.js'

/** Credentials with a token, as if read from the environment variable TOKEN. */
export function tokenCredentials(token: string): Credentials {
  return {...NO_CREDENTIALS, login: new TokenLogin(secretFrom({env: 'TOKEN'}, {TOKEN: token}))}
}

/** A JSON Web Token with an invalid signature. */
export function tokenOf(claims: object): string {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')
  return `${encode({alg: 'none'})}.${encode(claims)}.x`
}

/**
 * The claims of a JSON web token; null for a missing claim or another kind of token. The signature is not verified, which
 * is the broker's task.
 */
export interface TokenClaims {
  /** `sub`, which brokers use as the role by default */
  readonly subject: string | null
  /** epoch ms */
  readonly expiresAtMs: number | null
}

const NO_CLAIMS: TokenClaims = {subject: null, expiresAtMs: null}

/** @see RFC 7519 §4.1 */
export function claimsOf(token: string): TokenClaims {
  const [, body] = token.split('.')
  if (body === undefined) return NO_CLAIMS
  try {
    const {exp, sub} = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as {exp?: unknown; sub?: unknown}
    return {
      subject: typeof sub === 'string' ? sub : null,
      expiresAtMs: typeof exp === 'number' ? exp * 1000 : null,
    }
  } catch {
    return NO_CLAIMS
  }
}

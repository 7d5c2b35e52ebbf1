/** What a JSON web token says of itself; null where it does not, or is none. Nothing is verified: that is the broker's part. */
export interface TokenClaims {
  /** `sub`, which brokers take for the role unless they are told otherwise */
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

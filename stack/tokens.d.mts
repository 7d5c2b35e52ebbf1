/** A JSON Web Token signed by HS256. @param expiresInS seconds from now, below 0 for an expired token; without it, the token never expires. */
export function signToken(secret: Buffer, subject: string, options?: {expiresInS?: number | undefined}): string

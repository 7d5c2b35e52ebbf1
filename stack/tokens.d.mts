/** A JSON web token, HS256. @param expiresInS seconds from now, below 0 for one that is over; without it, it never expires. */
export function signToken(secret: Buffer, subject: string, options?: {expiresInS?: number | undefined}): string

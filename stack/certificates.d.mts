/** Paths of two PEM files; the key is PKCS #8. */
export interface Pair {
  readonly certificate: string
  readonly key: string
}

/** Writes the certificate of a new authority, and for each common name a certificate of this authority with its key. */
export function makeCertificates<N extends string>(
  dir: string,
  wanted: {authority: string; names: readonly N[]},
): Promise<{authority: string; pairs: Readonly<Record<N, Pair>>}>

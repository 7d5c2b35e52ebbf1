/** The largest share as a multiple of the mean; null when a share is unknown and without shares. */
export function skewOf(shares: ReadonlyArray<number | null>): number | null {
  const known = shares.filter((share) => share !== null)
  if (known.length === 0 || known.length < shares.length) return null
  const sum = known.reduce((total, share) => total + share, 0)
  return sum === 0 ? null : (Math.max(...known) * known.length) / sum
}

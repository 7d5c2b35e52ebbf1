/** The sum, or null when any part is unknown. */
export function sumKnown(parts: ReadonlyArray<number | null>): number | null {
  return parts.reduce<number | null>((sum, part) => (sum === null || part === null ? null : sum + part), 0)
}

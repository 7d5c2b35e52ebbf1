/** A sum that is only known when each part is: unknown is null, never 0. */
export function sumKnown(parts: ReadonlyArray<number | null>): number | null {
  return parts.reduce<number | null>((sum, part) => (sum === null || part === null ? null : sum + part), 0)
}

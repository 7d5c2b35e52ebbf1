/**
 * The type that all partitions agree on. `None`, a partition that has had no consumer since it was loaded, agrees with
 * any; null when two partitions differ.
 */
export function commonType(types: readonly string[]): string | null {
  const live = new Set(types.filter((type) => type !== 'None'))
  if (live.size > 1) return null
  return [...live][0] ?? 'None'
}

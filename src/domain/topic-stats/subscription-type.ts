/**
 * The subscription type of all partitions; null when two partitions differ. `None` matches any type: the partition has had
 * no consumer since it was loaded.
 */
export function commonType(types: readonly string[]): string | null {
  const live = new Set(types.filter((type) => type !== 'None'))
  if (live.size > 1) return null
  return [...live][0] ?? 'None'
}

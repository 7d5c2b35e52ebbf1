import leven from 'leven'

/**
 * The names that a mistyped one is likely to stand for, the nearest first: those that differ in at most a third of its
 * characters, and in at least one edit.
 */
export function nearestNames(wanted: string, names: Iterable<string>, most = 3): string[] {
  const limit = Math.max(1, Math.floor(wanted.length / 3))
  return [...new Set(names)]
    .map((name) => ({name, distance: leven(wanted.toLowerCase(), name.toLowerCase())}))
    .filter(({distance}) => distance <= limit)
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, most)
    .map(({name}) => name)
}

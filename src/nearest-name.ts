import leven from 'leven'

/**
 * The names that are most similar to a mistyped one, the nearest first: those that differ from it in at most a third of
 * its characters, or in one.
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

export interface Version {
  readonly major: number
  readonly minor: number
  readonly patch: number
}

/** Reads `4.2.4`, `4.2`, and what vendors add behind it; null when it is no version. */
export function parseVersion(text: string): Version | null {
  const groups = /^v?(?<major>\d+)\.(?<minor>\d+)(?:\.(?<patch>\d+))?/.exec(text.trim())?.groups
  if (!groups) return null
  return {major: Number(groups['major']), minor: Number(groups['minor']), patch: Number(groups['patch'] ?? 0)}
}

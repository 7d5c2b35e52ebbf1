export interface Version {
  readonly major: number
  readonly minor: number
  readonly patch: number
}

/** Parses `4.2.4` or `4.2`, also with a vendor suffix; null for any other text. */
export function parseVersion(text: string): Version | null {
  const groups = /^v?(?<major>\d+)\.(?<minor>\d+)(?:\.(?<patch>\d+))?/.exec(text.trim())?.groups
  if (!groups) return null
  return {major: Number(groups['major']), minor: Number(groups['minor']), patch: Number(groups['patch'] ?? 0)}
}

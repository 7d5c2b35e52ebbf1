import {parseVersion, type Version} from './broker-version.js'

/** A fault of Key_Shared that operators have met, by the pull request that ended it. */
export interface KnownBug {
  readonly pull: string
  readonly symptom: string
  readonly isIn: (version: Version) => boolean
}

const BUGS: readonly KnownBug[] = [
  {pull: '#22053', isIn: (v) => isBefore(v, [3, 0, 3]), symptom: 'names that end alike get the same key ranges'},
  {pull: '#23327', isIn: (v) => isBefore(v, [3, 0, 7]), symptom: 'a key may move between consumers that stay'},
  {
    pull: '#23352',
    isIn: ({major}) => major < 4,
    symptom: 'one unacknowledged message holds up every consumer that joins',
  },
  {
    pull: '#23874',
    isIn: ({major, minor, patch}) => major === 4 && minor === 0 && patch < 3,
    symptom: 'messages of a key may overtake each other',
  },
  {
    pull: '#24736',
    isIn: ({major, minor, patch}) => major === 4 && ((minor === 0 && patch < 7) || minor === 1),
    symptom: 'messages may wait for ever after a consumer disconnects',
  },
  {
    pull: '#26236',
    isIn: (v) => v.major === 4 && (isBefore(v, [4, 0, 13]) || (v.minor > 0 && isBefore(v, [4, 2, 4]))),
    symptom: 'delivery may stop at the end of a topic when messages wait to be delivered again',
  },
]

/** Those that a broker of this version has; none where the version can't be read. */
export function knownBugs(brokerVersion: string): KnownBug[] {
  const version = parseVersion(brokerVersion)
  return version === null ? [] : BUGS.filter(({isIn}) => isIn(version))
}

function isBefore({major, minor, patch}: Version, other: readonly [number, number, number]): boolean {
  const parts = [major, minor, patch]
  const at = parts.findIndex((part, index) => part !== other[index])
  return at !== -1 && (parts[at] ?? 0) < (other[at] ?? 0)
}

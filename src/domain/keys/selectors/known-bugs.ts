import {parseVersion, type Version} from './broker-version.js'

/** A bug of Key_Shared in Pulsar, identified by the pull request that fixed it. */
export interface KnownBug {
  readonly pull: string
  readonly symptom: string
  readonly isIn: (version: Version) => boolean
}

const BUGS: readonly KnownBug[] = [
  {pull: '#22053', isIn: (v) => isBefore(v, [3, 0, 3]), symptom: 'consumers with similar names may share key ranges'},
  {
    pull: '#23327',
    isIn: (v) => isBefore(v, [3, 0, 7]),
    symptom: 'a key may move between two consumers that both stay connected',
  },
  {
    pull: '#23352',
    isIn: ({major}) => major < 4,
    symptom: 'one unacknowledged message blocks delivery to every consumer that joins',
  },
  {
    pull: '#23874',
    isIn: ({major, minor, patch}) => major === 4 && minor === 0 && patch < 3,
    symptom: 'messages of one key may be delivered out of order',
  },
  {
    pull: '#24736',
    isIn: ({major, minor, patch}) => major === 4 && ((minor === 0 && patch < 7) || minor === 1),
    symptom: 'messages may remain undelivered after a consumer disconnects',
  },
  {
    pull: '#26236',
    isIn: (v) => v.major === 4 && (isBefore(v, [4, 0, 13]) || (v.minor > 0 && isBefore(v, [4, 2, 4]))),
    symptom: 'delivery may stop at the end of a topic while messages await redelivery',
  },
]

/** The bugs in this broker version; empty for an unknown version. */
export function knownBugs(brokerVersion: string): KnownBug[] {
  const version = parseVersion(brokerVersion)
  return version === null ? [] : BUGS.filter(({isIn}) => isIn(version))
}

function isBefore({major, minor, patch}: Version, other: readonly [number, number, number]): boolean {
  const parts = [major, minor, patch]
  const at = parts.findIndex((part, index) => part !== other[index])
  return at !== -1 && (parts[at] ?? 0) < (other[at] ?? 0)
}

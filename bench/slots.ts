// Measures how fast slots are computed, in one process without a broker.
import {DEFAULT_SETTINGS, emptySelector, possibleAlgorithms} from '../src/domain/keys/selectors/algorithms.js'
import {pointsOf, RING_4_0} from '../src/domain/keys/selectors/hash-ring.js'
import {murmur3} from '../src/domain/keys/hashing/murmur3.js'
import {SPACES} from '../src/domain/keys/hashing/key-space.js'
import {median, say} from './say.js'

const GOAL_SLOTS = 8e6
const GOAL_RING_MS = 100
const KEYS = 4096
const ROUNDS = 7

for (const length of [8, 36, 200]) {
  const keys = Array.from({length: KEYS}, (_, at) => Buffer.from(`${String(at)}-`.padEnd(length, 'k')))
  const slots = Array.from({length: ROUNDS}, () => perSecond(keys, (key) => SPACES['ring-4.0'].slotOf(murmur3(key))))
  const bytes = Array.from({length: ROUNDS}, () => perSecond(keys, sumOfBytes))
  const goal = length === 8 ? `, ${(median(slots) / GOAL_SLOTS).toFixed(1)} times the goal of 8 million` : ''
  say(
    `slots: ${millions(median(slots))} keys of ${String(length)} bytes per second${goal}; ` +
      `${(median(bytes) / median(slots)).toFixed(1)} times the time to add up the bytes`,
  )
}

const names = Array.from({length: 1000}, (_, at) => `consumer-${String(at)}`)
const [algorithm] = possibleAlgorithms({major: 4, minor: 2, patch: 0}, DEFAULT_SETTINGS, 'AUTO_SPLIT')
if (!algorithm) throw new Error('4.2 has an algorithm')
const rings = Array.from({length: ROUNDS}, () =>
  millis(() => {
    const selector = emptySelector<{name: string}>(algorithm, 100)
    for (const name of names) selector.join({name})
    return selector.segments().length
  }),
)
const hashing = Array.from({length: ROUNDS}, () =>
  millis(() => names.reduce((sum, name) => sum + pointsOf(RING_4_0, name, 0, 100).length, 0)),
)
say(
  `ring: 1,000 consumers of 100 points in ${median(rings).toFixed(0)} ms, ${(median(rings) / GOAL_RING_MS).toFixed(2)} of ` +
    `the limit of 100 ms; ${(median(rings) / median(hashing)).toFixed(1)} times the time to hash the points`,
)

/** Processes all keys repeatedly for 200 ms. The sum prevents the engine from eliminating the work. */
function perSecond(keys: readonly Buffer[], work: (key: Buffer) => number): number {
  let sum = 0
  let done = 0
  const startedAt = performance.now()
  while (performance.now() - startedAt < 200) {
    for (const key of keys) sum = (sum + work(key)) | 0
    done += keys.length
  }
  if (sum === 0.5) throw new Error('never')
  return (done / (performance.now() - startedAt)) * 1000
}

function sumOfBytes(key: Buffer): number {
  let sum = 0
  let at = 0
  while (at < key.length) sum += key[at++] ?? 0
  return sum
}

function millis(work: () => number): number {
  const startedAt = performance.now()
  if (work() === 0) throw new Error('the work had no result')
  return performance.now() - startedAt
}

function millions(value: number): string {
  return `${(value / 1e6).toFixed(1)} million`
}

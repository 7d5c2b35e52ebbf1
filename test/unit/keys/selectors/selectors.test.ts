import assert from 'node:assert/strict'
import {createHash} from 'node:crypto'
import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {test} from 'node:test'

import fc from 'fast-check'

import type {ConsumerStats} from '../../../../src/clients/pulsar-admin/types.js'
import {
  type Algorithm,
  DEFAULT_SETTINGS,
  emptySelector,
  possibleAlgorithms,
} from '../../../../src/domain/keys/selectors/algorithms.js'
import {parseVersion} from '../../../../src/domain/keys/selectors/broker-version.js'
import {activeConsumer} from '../../../../src/domain/keys/selectors/failover-selector.js'
import {
  reportedConsumers,
  type ReportedConsumer,
  reportedSegments,
} from '../../../../src/domain/keys/assignment/reported-consumers.js'
import {restoreSelector} from '../../../../src/domain/keys/assignment/restore-selector.js'
import {movesBetween, ownerAt, type Segment, slotsByOwner} from '../../../../src/domain/keys/selectors/segments.js'
import type {Selector} from '../../../../src/domain/keys/selectors/selector.js'
import {sizeOf, type Slot, type SpaceName} from '../../../../src/domain/keys/hashing/key-space.js'
import {ROOT} from '../../../support/root.js'

/** Computed by the broker's own classes, see test/java. */
const VECTORS = join(ROOT, 'test', 'vectors')

interface Step {
  join?: string
  id?: number
  leave?: number
  /** SHA-256 of the owners of all compared slots */
  owners: string
  some: Array<[number, number | null]>
}

interface Vectors {
  pulsar: string
  selector: 'auto-split' | 'consistent-hashing-classic' | 'consistent-hashing'
  scenarios: Array<{points: number; steps: Step[]}>
}

interface Numbered {
  readonly name: string
  readonly id: number
}

function readVectors(file: string): Vectors {
  return JSON.parse(readFileSync(join(VECTORS, file), 'utf8')) as Vectors
}

function algorithmOf({pulsar, selector}: Pick<Vectors, 'pulsar' | 'selector'>): Algorithm {
  const settings = {
    ...DEFAULT_SETTINGS,
    usesConsistentHashing: selector !== 'auto-split',
    isClassic: selector === 'consistent-hashing-classic',
  }
  const [algorithm, ...others] = possibleAlgorithms(parseVersion(pulsar), settings, 'AUTO_SPLIT')
  assert.ok(algorithm)
  assert.equal(others.length, 0)
  return algorithm
}

/** The slots that the vectors compare, in order; for auto-split also slot 0, which no key of 4.0 reaches. */
function comparedSlots({selector, space}: Algorithm): number[] {
  if (space.last > 65_535) {
    const first = space.first
    return Array.from({length: 20_000}, (_, at) => at * 107_374).filter((hash) => hash >= first)
  }
  return Array.from(
    {length: selector === 'auto-split' ? 65_536 : 65_535},
    (_, at) => at + (selector === 'auto-split' ? 0 : 1),
  )
}

function digestOf(segments: ReadonlyArray<Segment<SpaceName, Numbered>>, slots: readonly number[]): string {
  const owners = slots.map((slot) => {
    // The broker's first range starts at slot 0; ours starts at the first slot that a key reaches.
    const owner = ownerAt(segments, Math.max(slot, segments[0]?.start ?? 0) as Slot<SpaceName>)
    return owner === null ? '-' : String(owner.id)
  })
  return createHash('sha256').update(owners.join(',')).digest('hex')
}

for (const file of readdirSync(VECTORS).filter((name) => !name.includes('failover'))) {
  const vectors = readVectors(file)
  const algorithm = algorithmOf(vectors)
  const slots = comparedSlots(algorithm)

  test(`every slot has the same owner as in the broker's own class, ${file}`, () => {
    for (const {points, steps} of vectors.scenarios) {
      const selector = emptySelector<Numbered>(algorithm, points)
      for (const [at, step] of steps.entries()) {
        change(selector, step)
        const where = `${String(points)} points, step ${String(at)}`
        const segments = selector.segments()
        for (const [slot, id] of step.some.filter(([one]) => one >= algorithm.space.first)) {
          assert.equal(ownerAt(segments, slot as Slot<SpaceName>)?.id ?? null, id, `${where}, slot ${String(slot)}`)
        }
        if (selector.members.length > 0) assert.equal(digestOf(segments, slots), step.owners, where)
      }
    }
  })

  test(`the reported assignment is enough to predict the next step, ${file}`, () => {
    let predicted = 0
    for (const {points, steps} of vectors.scenarios.filter((one) => one.points >= 100 || !algorithm.ring)) {
      const selector = emptySelector<Numbered>(algorithm, points)
      for (const [at, step] of steps.entries()) {
        const restored = restore(algorithm, selector, points)
        change(selector, step)
        if (!restored || selector.members.length === 0) continue
        change(restored, step)
        predicted++
        assert.equal(digestOf(restored.segments(), slots), step.owners, `step ${String(at)}`)
      }
    }
    assert.ok(predicted >= 50, `only ${String(predicted)} steps could be predicted`)
  })
}

function change(selector: Selector<SpaceName, Numbered>, {id, join: name, leave}: Step): void {
  if (name !== undefined && id !== undefined) selector.join({name, id})
  const leaving = selector.members.find((member) => member.id === leave)
  if (leaving) selector.leave(leaving)
}

/** Restores a selector from the statistics that a broker would report; null when they do not show every index. */
function restore(
  algorithm: Algorithm,
  selector: Selector<SpaceName, Numbered>,
  points: number,
): Selector<SpaceName, Numbered> | null {
  const segments = selector.segments()
  const stats = selector.members.map((member): ConsumerStats => ({
    consumerName: member.name,
    address: String(member.id),
    connectedSince: new Date(member.id).toISOString(),
    keyHashRangeArrays: segments
      .filter(({owners}) => owners.includes(member))
      .map(({end, start}): [number, number] => [
        start,
        algorithm.selector === 'auto-split' && end === 65_535 ? 65_536 : end,
      ]),
  }))
  const consumers = reportedConsumers({consumers: stats})
  const restored = restoreSelector(algorithm, consumers, reportedSegments(consumers, algorithm.space), points)
  assert.ok(restored, 'the selector did not match its own report')
  if (restored.unseen.length > 0) return null
  return numbered(restored.selector)
}

/** Adds the id from the address to each member. */
function numbered(selector: Selector<SpaceName, ReportedConsumer>): Selector<SpaceName, Numbered> {
  const idOf = (member: ReportedConsumer): Numbered => Object.assign(member, {id: Number(member.address)})
  for (const member of selector.members) idOf(member)
  return selector as unknown as Selector<SpaceName, Numbered>
}

test('the active consumer of Failover equals the choice of the broker', () => {
  const {entries} = JSON.parse(readFileSync(join(VECTORS, '4.2.4-failover.json'), 'utf8')) as {
    entries: Array<{
      topic: string
      partitionIndex: number
      consistentHashing: boolean
      consumers: Array<{name: string; priorityLevel: number}>
      active: string
    }>
  }
  assert.ok(entries.length >= 40)
  for (const {active, consistentHashing, consumers, partitionIndex, topic} of entries) {
    const partition = partitionIndex < 0 ? null : partitionIndex
    assert.equal(activeConsumer(consumers, {topic, partition, usesConsistentHashing: consistentHashing})?.name, active)
  }
  assert.equal(activeConsumer([], {topic: 'persistent://a/b/c', partition: null, usesConsistentHashing: false}), null)
})

const VERSIONS: ReadonlyArray<Pick<Vectors, 'pulsar' | 'selector'>> = [
  {pulsar: '4.2.4', selector: 'consistent-hashing'},
  {pulsar: '4.2.4', selector: 'consistent-hashing-classic'},
  {pulsar: '4.2.4', selector: 'auto-split'},
  {pulsar: '3.0.7', selector: 'consistent-hashing'},
  {pulsar: '3.0.4', selector: 'consistent-hashing'},
  {pulsar: '3.0.2', selector: 'consistent-hashing'},
  {pulsar: '3.0.7', selector: 'auto-split'},
]

for (const version of VERSIONS) {
  const algorithm = algorithmOf(version)
  test(`each slot has exactly one owner after any joins and departures, ${version.pulsar} ${version.selector}`, () => {
    const events = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c1', 'c11', 'worker'), fc.boolean()), {maxLength: 30})
    fc.assert(
      fc.property(events, fc.integer({min: 1, max: 40}), (steps, points) => {
        const selector = emptySelector<Numbered>(algorithm, points)
        for (const [at, [name, isJoin]] of steps.entries()) {
          const leaving = selector.members.find((member) => member.name === name)
          if (isJoin) selector.join({name, id: at})
          else if (leaving) selector.leave(leaving)
        }
        requirePartition(selector)
      }),
      {numRuns: 60},
    )
  })
}

/** Requires sorted segments from the first slot to the last, without gaps and overlaps, and correct slot counts. */
function requirePartition(selector: Selector<SpaceName, Numbered>): void {
  const {space} = selector
  const segments = selector.segments()
  if (selector.members.length === 0) {
    assert.deepEqual(segments, [])
    return
  }
  let next: number = space.first
  for (const {end, owners, start} of segments) {
    assert.equal(start, next)
    assert.ok(end >= start)
    assert.ok(owners.length > 0)
    next = end + 1
  }
  assert.equal(next, space.last + 1)
  const counted = [...slotsByOwner(segments).values()].reduce((sum, slots) => sum + slots, 0)
  assert.equal(counted, sizeOf(space))
}

test('3.0.3 to 3.0.6 share the points of one name by the hash', () => {
  // Derived by hand from apache/pulsar#22053, because no broker of these versions is available for testing.
  const selector = emptySelector<Numbered>(algorithmOf({pulsar: '3.0.4', selector: 'consistent-hashing'}), 100)
  for (const [id, name] of ['c1', 'c2', 'c3'].entries()) selector.join({name, id})
  const slots = {'key-0': 1_664_612_543, 'key-1': 414_258_592, 'key-2': 1_945_654_540, 'key-3': 2_034_982_562}
  const owners = Object.values(slots).map((slot) => ownerAt(selector.segments(), slot as Slot<SpaceName>)?.name)
  assert.deepEqual(owners, ['c2', 'c1', 'c3', 'c1'])
})

test('moves count every slot with a new owner, also in shared segments', () => {
  const segment = (start: number, end: number, ...owners: string[]): Segment<'ring-2.4', string> => ({
    start: start as Slot<'ring-2.4'>,
    end: end as Slot<'ring-2.4'>,
    owners,
  })
  const before = [segment(0, 9, 'a', 'b'), segment(10, 19, 'c')]
  const after = [segment(0, 14, 'a', 'b', 'c'), segment(20, 24, 'd')]
  const counted = new Map<string, number>()
  for (let slot = 0; slot < 30; slot++) {
    const [from, to] = [before, after].map((segments) => ownerAt(segments, slot as Slot<'ring-2.4'>))
    if (from !== to)
      counted.set(`${String(from)}→${String(to)}`, (counted.get(`${String(from)}→${String(to)}`) ?? 0) + 1)
  }
  const moves = movesBetween(before, after).map(({from, slots, to}): [string, number] => [
    `${String(from)}→${String(to)}`,
    slots,
  ])
  assert.deepEqual(new Map(moves.toSorted()), new Map([...counted].toSorted()))
})

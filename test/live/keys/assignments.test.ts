import assert from 'node:assert/strict'
import {test} from 'node:test'

import {emptySelector, possibleAlgorithms} from '../../../src/domain/keys/selectors/algorithms.js'
import {collectBrokerFacts} from '../../../src/domain/keys/assignment/collect-key-shared.js'
import {type BrokerFacts, detectAssignment} from '../../../src/domain/keys/assignment/detect-selector.js'
import {movesBetween, type Segment} from '../../../src/domain/keys/selectors/segments.js'
import {sizeOf, type SpaceName} from '../../../src/domain/keys/hashing/key-space.js'
import {type KeySimulation, simulateLive} from '../../../src/domain/keys/simulation/simulation.js'
import type {CollectedSubscription} from '../../../src/domain/topic-stats/collect-topic-stats.js'
import {askCli} from '../../support/shells/cli.js'
import {KeyedFleet} from '../../support/fleets/keyed-fleet.js'
import {createTopic, live} from '../../support/servers/live.js'

const STEPS = 60
const MAX_CONSUMERS = 8
// Few names, so that several consumers often share one.
const NAMES = ['worker', 'worker', 'app-0', 'app-1', 'consumer1', 'consumer11', 'żółw']

interface Step {
  readonly action: 'join' | 'leave'
  readonly name: string
}

/** The next step of a reproducible random walk: mostly joins with few consumers, mostly departures with many. */
function nextStep(random: () => number, present: readonly string[]): Step {
  const isJoin = present.length < 2 || (present.length < MAX_CONSUMERS && random() < 0.55)
  const from = isJoin ? NAMES : present
  return {action: isJoin ? 'join' : 'leave', name: from[Math.floor(random() * from.length)] ?? 'worker'}
}

/** The mulberry32 generator, which gives the same numbers in each run. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

for (const partitions of [0, 2]) {
  test(
    `every slot has the predicted owner after ${String(STEPS)} joins and departures, ${String(partitions)} partitions`,
    live(async (t, place) => {
      const topic = await createTopic(place, {partitions})
      const facts = await collectBrokerFacts(place.admin)
      const random = randomFrom(42 + partitions)
      const fleet = await KeyedFleet.start(place, topic, ['worker'])
      const selector = new IndependentSelector(facts)
      selector.take({action: 'join', name: 'worker'})
      let slots = 0
      let predictedSteps = 0
      for (let at = 0; at < STEPS; at++) {
        const before = await fleet.statistics()
        const step = nextStep(random, fleet.names)
        const predicted = predict(before, facts, step)
        await fleet[step.action](step.name)
        selector.take(step)
        const after = await fleet.statistics()
        const where = `step ${String(at)}, ${step.action} ${step.name}`
        if (predicted) requirePredicted(predicted, after, facts, where)
        if (predicted) predictedSteps++
        slots += selector.requireReported(after, where)
      }
      assert.ok(predictedSteps > STEPS * 0.8, `only ${String(predictedSteps)} steps could be predicted`)
      t.diagnostic(
        `${String(slots)} slots compared, 0 differ; ${String(predictedSteps)} steps predicted from the report`,
      )
    }),
  )
}

/** The prediction of a step; null when it depends on an assumption. */
function predict(before: CollectedSubscription, facts: BrokerFacts, {action, name}: Step): KeySimulation | null {
  const wanted = {
    join: action === 'join' ? [name] : [],
    leave: action === 'leave' ? [name] : [],
    consumers: null,
    namesLike: null,
    words: [],
  }
  const predicted = simulateLive(before, facts, {wanted, mode: null, searchesNames: false, weights: null})
  // The index of a single consumer among those of its name is invisible, so the simulation assumes it.
  return predicted.assumptions.length > 0 ? null : predicted
}

/** Compares the predicted ranges of each name with the reported ones; consumers of one name are compared as a set. */
function requirePredicted(
  predicted: KeySimulation,
  after: CollectedSubscription,
  facts: BrokerFacts,
  where: string,
): void {
  for (const [at, {subscription}] of after.partitions.entries()) {
    const {segments} = detectAssignment(subscription, facts)
    const reported = textOfRanges(segments, ({name}) => name)
    const expected = (predicted.partitions[at]?.consumers ?? []).flatMap(({after: share, name}) =>
      share ? [`${name}: ${share.ranges.map(({end, start}) => `${String(start)}-${String(end)}`).join(' ')}`] : [],
    )
    assert.deepEqual(reported, expected.toSorted(), where)
  }
}

function textOfRanges<M>(segments: ReadonlyArray<Segment<SpaceName, M>>, nameOf: (member: M) => string): string[] {
  const members = [...new Set(segments.flatMap(({owners}) => owners))]
  return members
    .map((member) => {
      const owned = segments.filter(({owners}) => owners.includes(member))
      return `${nameOf(member)}: ${owned.map(({end, start}) => `${String(start)}-${String(end)}`).join(' ')}`
    })
    .toSorted()
}

/** A selector that takes the same steps from the beginning, independently of the broker's report. */
class IndependentSelector {
  private readonly selector
  private readonly version: BrokerFacts['version']
  private readonly members: Array<{readonly name: string}> = []

  constructor({settings, version}: BrokerFacts) {
    assert.ok(settings)
    this.version = version
    const [algorithm] = possibleAlgorithms(version, settings, 'AUTO_SPLIT')
    assert.ok(algorithm)
    this.selector = emptySelector<{readonly name: string}>(algorithm, settings.points)
  }

  take({action, name}: Step): void {
    if (action === 'join') {
      const member = {name}
      this.members.push(member)
      this.selector.join(member)
    } else {
      const [member] = this.members.splice(
        this.members.findLastIndex((one) => one.name === name),
        1,
      )
      assert.ok(member)
      this.selector.leave(member)
    }
  }

  /** Compares every slot, with consumers identified by their order of joining. @returns the number of compared slots. */
  requireReported(after: CollectedSubscription, where: string): number {
    for (const {subscription} of after.partitions) {
      const {consumers, segments, source} = detectAssignment(subscription, {version: this.version, settings: null})
      assert.equal(source, 'statistics', where)
      const twins = new Map(consumers.map((consumer, at) => [consumer, this.members[at]]))
      const theirs = segments.map((segment) => ({...segment, owners: segment.owners.map((owner) => twins.get(owner))}))
      const moved = movesBetween(theirs, this.selector.segments()).reduce((sum, {slots}) => sum + slots, 0)
      assert.equal(moved, 0, `${where}: ${String(moved)} slots differ`)
    }
    return sizeOf(this.selector.space) * after.partitions.length
  }
}

test(
  'the command predicts a join and a switch',
  live(async (_t, place) => {
    const topic = await createTopic(place)
    const shared = ['app-0', 'app-1', 'app-2']
    for (const name of shared) {
      const options = {topic, subscription: 'other', type: 'Shared', name, receiverQueueSize: 5} as const
      await place.transport.consume({...options, onMessage: () => undefined})
    }
    const fleet = new KeyedFleet(place, topic)
    const afterSwitch = await askCli<KeySimulation>(['keys', 'simulate', topic.full, 'other'])
    assert.equal(afterSwitch.type, 'Shared')
    for (const name of shared) await fleet.join(name)
    const facts = await collectBrokerFacts(place.admin)
    requirePredicted(afterSwitch, await fleet.statistics(), facts, 'switch')

    const args = ['keys', 'simulate', topic.full, 'decision', '--consumers', '5']
    const joined = await askCli<KeySimulation>(args)
    assert.deepEqual(joined.join, ['app-3', 'app-4'])
    for (const name of joined.join) await fleet.join(name)
    requirePredicted(joined, await fleet.statistics(), facts, 'join')
    const nothing = await askCli<KeySimulation>(args)
    assert.deepEqual([nothing.join, nothing.leave, nothing.partitions[0]?.slotsMoved], [[], [], 0])
  }),
)

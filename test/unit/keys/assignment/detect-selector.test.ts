import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {ConsumerStats, SubscriptionStats} from '../../../../src/clients/pulsar-admin/types.js'
import {
  DEFAULT_SETTINGS,
  emptySelector,
  possibleAlgorithms,
  type SelectorSettings,
} from '../../../../src/domain/keys/selectors/algorithms.js'
import {parseVersion} from '../../../../src/domain/keys/selectors/broker-version.js'
import {type Assignment, detectAssignment} from '../../../../src/domain/keys/assignment/detect-selector.js'
import {hasUnownedSlots} from '../../../../src/domain/keys/assignment/reported-consumers.js'
import {keyRanges} from '../../../../src/domain/keys/ranges/range-report.js'
import {type KeySimulation, simulateLive} from '../../../../src/domain/keys/simulation/simulation.js'
import type {CollectedSubscription} from '../../../../src/domain/topic-stats/collect-topic-stats.js'
import {requireKeyShared} from '../../../../src/domain/keys/assignment/require-key-shared.js'
import {renderSimulation} from '../../../../src/cli/render/keys/key-simulation.js'
import {simulation} from '../../../support/reports/key-reports.js'
import {Blocked} from '../../../../src/errors.js'
import {parseTopicName} from '../../../../src/topic-name.js'

interface BrokerCase {
  readonly version: string
  readonly names: readonly string[]
  readonly settings?: Partial<SelectorSettings>
}

/** The statistics that a broker with these settings reports. */
function statsOf({names, settings, version}: BrokerCase): SubscriptionStats {
  const all = {...DEFAULT_SETTINGS, ...settings}
  const [algorithm] = possibleAlgorithms(parseVersion(version), all, 'AUTO_SPLIT')
  assert.ok(algorithm)
  const members = names.map((name, at) => ({name, at}))
  const selector = emptySelector<{name: string; at: number}>(algorithm, all.points)
  for (const member of members) selector.join(member)
  const segments = selector.segments()
  const consumers = members.map((member): ConsumerStats => ({
    consumerName: member.name,
    connectedSince: new Date(member.at).toISOString(),
    keyHashRangeArrays: segments
      .filter(({owners}) => owners.includes(member))
      .map(({end, start}) => [start, algorithm.selector === 'auto-split' && end === 65_535 ? 65_536 : end]),
  }))
  return {type: 'Key_Shared', keySharedMode: 'AUTO_SPLIT', consumers}
}

function detected({algorithm, restored, source}: Assignment): Array<number | string | null> {
  return [algorithm?.selector ?? null, algorithm?.since ?? null, source, restored?.points ?? null]
}

const THREE = ['app-0', 'app-1', 'app-2']
const v4 = parseVersion('4.2.4')
const v3 = parseVersion('3.0.7')

test('the settings determine the selector, and the statistics match', () => {
  const stats = statsOf({version: '4.2.4', names: THREE, settings: {points: 40}})
  const facts = {version: v4, settings: {...DEFAULT_SETTINGS, points: 40}}
  assert.deepEqual(detected(detectAssignment(stats, facts)), ['consistent-hashing', '4.0', 'configuration', 40])
})

test('without settings the selector and its points are detected from the statistics', () => {
  const noSettings = {version: v4, settings: null}
  for (const points of [100, 40, 7, 300]) {
    const stats = statsOf({version: '4.2.4', names: ['a', 'b', 'c', 'd', 'e', 'f'], settings: {points}})
    const [selector, since, source, found] = detected(detectAssignment(stats, noSettings))
    assert.deepEqual([selector, since, source], ['consistent-hashing', '4.0', 'statistics'])
    // Points that only split slots of one consumer are invisible; then the number of points is null.
    assert.ok(found === points || found === null, `${String(found)} points for ${String(points)}`)
    if (points === 100) assert.equal(found, 100)
  }
  const split = statsOf({version: '4.2.4', names: THREE, settings: {usesConsistentHashing: false}})
  assert.deepEqual(detected(detectAssignment(split, noSettings)), ['auto-split', '4.0', 'statistics', null])
  const classic = statsOf({version: '4.0.7', names: THREE, settings: {isClassic: true}})
  assert.deepEqual(detected(detectAssignment(classic, noSettings)), [
    'consistent-hashing',
    '4.0-classic',
    'statistics',
    100,
  ])
})

test('without a version the report identifies the broker version line', () => {
  for (const [version, since] of [
    ['4.2.4', '4.0'],
    ['3.0.7', '3.0.7'],
    ['3.0.4', '3.0.3'],
    ['3.0.2', '2.4'],
  ] as const) {
    const stats = statsOf({version, names: THREE})
    assert.deepEqual(detected(detectAssignment(stats, {version: null, settings: null})).slice(0, 2), [
      'consistent-hashing',
      since,
    ])
  }
  assert.deepEqual(detected(detectAssignment(statsOf({version: '3.0.7', names: THREE}), {version: v3, settings: null})), [
    'consistent-hashing', '3.0.7', 'statistics', 100,
  ]) // prettier-ignore
})

test('a dispatcher created with older settings is detected from the statistics and is a finding', () => {
  const stats = statsOf({version: '4.2.4', names: THREE})
  const facts = {version: v4, settings: {...DEFAULT_SETTINGS, isClassic: true}}
  const assignment = detectAssignment(stats, facts)
  assert.deepEqual(detected(assignment), ['consistent-hashing', '4.0', 'statistics', 100])
  assert.equal(assignment.isAsConfigured, false)
  assert.deepEqual(codes(stats, facts), ['settings-differ'])
})

test('every selector assigns every slot; statistics read during a disconnect have unowned slots', () => {
  const kinds: ReadonlyArray<Omit<BrokerCase, 'names'>> = [
    ...['4.2.4', '4.0.7', '3.0.7', '3.0.4', '3.0.2'].map((version) => ({version})),
    ...['4.2.4', '3.0.7'].map((version) => ({version, settings: {usesConsistentHashing: false}})),
    {version: '4.0.7', settings: {isClassic: true}},
  ]
  for (const kind of kinds) {
    for (const names of [['app-0'], THREE]) {
      const whole = statsOf({...kind, names})
      assert.equal(hasUnownedSlots(whole), false, JSON.stringify(kind))
      for (const name of names.slice(1)) {
        const consumers = whole.consumers?.filter(({consumerName}) => consumerName !== name) ?? []
        assert.equal(hasUnownedSlots({...whole, consumers}), true, JSON.stringify([kind, name]))
        // With STICKY, consumers choose their slots, so gaps are normal.
        assert.equal(hasUnownedSlots({...whole, consumers, keySharedMode: 'STICKY'}), false)
      }
    }
  }
  const [first] = statsOf({version: '4.2.4', names: THREE}).consumers ?? []
  assert.equal(hasUnownedSlots({type: 'Key_Shared', consumers: [{...first, keyHashRangeArrays: []}]}), true)
  assert.equal(hasUnownedSlots({type: 'Key_Shared', consumers: []}), false)
  assert.equal(hasUnownedSlots({type: 'Shared', consumers: [{consumerName: 'a'}]}), false)
})

test('an ambiguous selector is null', () => {
  const empty: SubscriptionStats = {type: 'Key_Shared', keySharedMode: 'AUTO_SPLIT', consumers: []}
  assert.deepEqual(detected(detectAssignment(empty, {version: v4, settings: null})), [null, null, null, null])
  assert.deepEqual(detected(detectAssignment(empty, {version: v4, settings: DEFAULT_SETTINGS})).slice(0, 3), [
    'consistent-hashing', '4.0', 'configuration',
  ]) // prettier-ignore
  // A single consumer owns every slot with any number of points.
  const alone = statsOf({version: '4.2.4', names: ['app-0']})
  assert.deepEqual(detected(detectAssignment(alone, {version: v4, settings: null})), [
    'consistent-hashing', '4.0', 'statistics', null,
  ]) // prettier-ignore
})

test('ranges that no selector produces are a finding, and their owners are still valid', () => {
  const stats = statsOf({version: '4.2.4', names: THREE})
  const [first, second] = stats.consumers ?? []
  assert.ok(first && second)
  ;[first.consumerName, second.consumerName] = ['other-0', 'other-1']
  const facts = {version: v4, settings: DEFAULT_SETTINGS}
  assert.deepEqual(codes(stats, facts), ['selector-mismatch', 'settings-differ'])
  const assignment = detectAssignment(stats, facts)
  assert.equal(assignment.algorithm?.since, '4.0')
  assert.equal(assignment.restored, null)
})

test('STICKY consumers choose their ranges: gaps are found, a departure can be simulated, a join cannot', () => {
  const stats: SubscriptionStats = {
    type: 'Key_Shared',
    keySharedMode: 'STICKY',
    consumers: [
      {consumerName: 's0', keyHashRangeArrays: [[0, 9999], [20_000, 29_999]]},
      {consumerName: 's1', keyHashRangeArrays: [[40_000, 65_535]]},
    ],
  } // prettier-ignore
  const facts = {version: v4, settings: DEFAULT_SETTINGS}
  assert.deepEqual(detected(detectAssignment(stats, facts)), ['sticky', '4.0', 'configuration', null])
  assert.deepEqual(codes(stats, facts), ['coverage-missing'])
  const simulated = (join: string[], leave: string[]): KeySimulation => {
    const wanted = {join, leave, consumers: null, namesLike: null, words: []}
    return simulateLive(collectedOf(stats), facts, {wanted, mode: null, searchesNames: false, weights: null})
  }
  assert.equal(simulated([], ['s1']).partitions[0]?.slotsMoved, 25_536)
  assert.throws(
    () => simulated(['s2'], []),
    (error) => error instanceof Blocked && error.code === 'E_STICKY_JOIN',
  )
})

test('a subscription without a type is reported in a sentence, with a next step', () => {
  const facts = {version: v4, settings: DEFAULT_SETTINGS}
  for (const stats of [{type: 'None'}, {}] satisfies SubscriptionStats[]) {
    assert.throws(
      () => {
        requireKeyShared(collectedOf(stats), facts)
      },
      (error) => {
        assert.ok(error instanceof Blocked && error.code === 'E_NOT_KEY_SHARED')
        assert.match(
          error.message,
          /has no type.*, because no consumer has connected since the topic was loaded; key ranges exist only on/,
        )
        assert.match(error.next.join(), /^keyshift subscriptions inspect \S+ \S+$/)
        return true
      },
    )
  }
  const text = renderSimulation({...simulation, type: 'None'})
  assert.match(text, /The subscription has no type, because no consumer has connected .* applies to Key_Shared\./)
})

test('duplicate names, gaps and absent consumers are findings', () => {
  const facts = {version: v4, settings: DEFAULT_SETTINGS}
  assert.deepEqual(codes(statsOf({version: '4.2.4', names: ['worker', 'worker']}), facts), ['duplicate-name'])
  const incomplete = statsOf({version: '4.2.4', names: THREE})
  incomplete.consumers?.pop()
  assert.deepEqual(codes(incomplete, facts).toSorted(), ['coverage-missing', 'selector-mismatch', 'settings-differ'])
  const [whole, fewer] = [statsOf({version: '4.2.4', names: THREE}), statsOf({version: '4.2.4', names: ['app-0']})]
  assert.deepEqual(codes(whole, facts, fewer), ['consumer-absent', 'consumer-absent'])
})

function codes(stats: SubscriptionStats, facts: Parameters<typeof keyRanges>[1], other?: SubscriptionStats): string[] {
  return keyRanges(collectedOf(stats, other), facts).findings.map(({code}) => code)
}

/** The subscription of a plain topic, or with two statistics of a topic with two partitions. */
function collectedOf(stats: SubscriptionStats, other?: SubscriptionStats): CollectedSubscription {
  const topic = parseTopicName('orders')
  const all = other ? [stats, other] : [stats]
  const partitions = all.map((subscription, at) => ({
    partition: other ? at : null,
    name: topic,
    stats: {},
    subscription,
  }))
  return {topic, subscription: 's', partitionCount: other ? 2 : null, partitions}
}

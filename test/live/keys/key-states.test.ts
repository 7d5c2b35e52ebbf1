import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {PartitionedTopicStats} from '../../../src/clients/pulsar-admin/types.js'
import type {KeyOwners} from '../../../src/domain/keys/owners/key-owners.js'
import type {KeyRanges} from '../../../src/domain/keys/ranges/range-report.js'
import type {KeySimulation} from '../../../src/domain/keys/simulation/simulation.js'
import {askCli, requireFailure, runCli} from '../../support/shells/cli.js'
import {KeyedFleet} from '../../support/fleets/keyed-fleet.js'
import {ask, createTopic, live, publishKeys, until, userKeys} from '../../support/servers/live.js'
import {brokerBehind} from '../../support/servers/proxy.js'

const KEYS = 300

test(
  'a draining slot names the consumer that must acknowledge, and a simulation predicts the number of messages',
  live(async (_t, place) => {
    const topic = await createTopic(place)
    let delivered = 0
    const consume = (name: string, onMessage: () => void): Promise<unknown> =>
      place.transport.consume({
        topic,
        subscription: 'decision',
        type: 'Key_Shared',
        name,
        receiverQueueSize: 1000,
        onMessage,
      })
    await consume('holder', () => delivered++)
    const keys = userKeys(KEYS)
    await publishKeys(place, topic, keys)
    await until('the holder to receive every message', () => delivered === KEYS)

    const where = [topic.full, 'decision']
    const {partitions: predicted} = await askCli<KeySimulation>(['keys', 'simulate', ...where, '--join', 'second'])
    const draining = predicted[0]?.draining
    const {partitions: before} = await askCli<KeyRanges>(['keys', 'ranges', ...where])
    if (before[0]?.algorithmSince !== '4.0') {
      assert.equal(draining?.expectedMessages, null, 'slots drain since 4.0, but not with the classic dispatcher')
      return
    }
    assert.ok(draining?.expectedMessages && draining.expectedMessages < KEYS)
    assert.equal(draining.atMostMessages, KEYS)
    await consume('second', () => undefined)

    const {partitions} = await askCli<KeyRanges>(['keys', 'ranges', ...where])
    const slots = partitions[0]?.draining ?? []
    const unacked = slots.reduce((sum, {unackedMessages}) => sum + unackedMessages, 0)
    assert.ok(Math.abs(unacked - draining.expectedMessages) < KEYS * 0.1, `${String(unacked)} of ${String(KEYS)} drain`)
    assert.ok(slots.every(({consumer}) => consumer === 'holder'))
    const {owners} = await askCli<KeyOwners>(['keys', 'owner', ...where, ...keys])
    for (const owner of owners) {
      const isMoved = owner.consumer?.name === 'second'
      assert.equal(owner.draining, isMoved, owner.key)
      assert.equal(owner.drainingConsumer?.name ?? null, isMoved ? 'holder' : null)
    }
    const text = await runCli(['keys', 'ranges', ...where])
    assert.match(text.stdout, /\^.* draining\n/)
    assert.match(text.stdout, /slot \d+ is draining: holder must first ack \d+ messages?;/)
  }),
)

test(
  'a simulation with mode failover names the active consumers',
  live(async (_t, place) => {
    const topic = await createTopic(place, {partitions: 4})
    await KeyedFleet.start(place, topic, ['b', 'a', 'c'])
    const args = ['keys', 'simulate', topic.full, 'decision', '--mode', 'failover']
    const {failover} = await askCli<KeySimulation>(args)
    for (const name of ['b', 'a', 'c']) {
      const options = {topic, subscription: 'active', type: 'Failover', name, receiverQueueSize: 5} as const
      await place.transport.consume({...options, onMessage: () => undefined})
    }
    const path = `${topic.full.replace('persistent://', '/persistent/')}/partitioned-stats?perPartition=true`
    const {partitions = {}} = (await ask(place.addresses, 'GET', path)) as PartitionedTopicStats
    for (const {after, partition} of failover) {
      const stats = partitions[`${topic.full}-partition-${String(partition)}`]
      assert.equal(stats?.subscriptions?.['active']?.activeConsumerName, after)
    }
    assert.equal(failover.length, 4)
  }),
)

test(
  'without permission to read settings the selector is detected from the statistics',
  live(async (t, place) => {
    const topic = await createTopic(place)
    await KeyedFleet.start(place, topic, ['a', 'b', 'c'])
    const refuse = (path: string): {status: number; body: string} | null =>
      path.includes('/brokers/configuration/runtime') ? {status: 403, body: '{"reason":"not a superuser"}'} : null
    const url = await brokerBehind(t, place.addresses.adminUrl, {refuse})
    const ranges = ['keys', 'ranges', topic.full, 'decision']
    const [detected, known] = [
      await askCli<KeyRanges>([...ranges, '--admin-url', url]),
      await askCli<KeyRanges>(ranges),
    ]
    assert.equal(detected.partitions[0]?.selectorSource, 'statistics')
    assert.deepEqual({...detected.partitions[0], selectorSource: 'configuration'}, known.partitions[0])
    assert.deepEqual(detected.findings, [])
    const simulate = ['keys', 'simulate', topic.full, 'decision', '--join', 'd']
    const [withoutSettings, withSettings] = [
      await askCli<KeySimulation>([...simulate, '--admin-url', url]),
      await askCli<KeySimulation>(simulate),
    ]
    assert.deepEqual(withoutSettings.partitions, withSettings.partitions)
  }),
)

test(
  'a partition that the broker omits is an error, not a partial answer',
  live(async (t, place) => {
    const topic = await createTopic(place, {partitions: 3})
    await KeyedFleet.start(place, topic, ['a'])
    const change = (path: string, body: string): string => {
      if (!path.includes('/partitioned-stats')) return body
      const stats = JSON.parse(body) as PartitionedTopicStats
      delete stats.partitions?.[`${topic.full}-partition-1`]
      return JSON.stringify(stats)
    }
    const url = await brokerBehind(t, place.addresses.adminUrl, {change})
    for (const [command, ...more] of [['ranges'], ['owner', 'user-1'], ['simulate', '--join', 'b'], ['sample']]) {
      await requireFailure({
        args: ['keys', String(command), topic.full, 'decision', ...more, '--admin-url', url],
        exit: 4,
        code: 'E_PARTITIONS_MISSING',
        says: /incomplete: 1 of 3 partitions missing: 1/,
      })
    }
  }),
)

test('--offline contacts no broker', async () => {
  const nowhere = {KEYSHIFT_ADMIN_URL: 'http://127.0.0.1:1'}
  const fleet = ['--consumers', '3', '--names-like', 'c{1..N}']
  const args = ['keys', 'simulate', '--offline', '--version', '4.0', ...fleet]
  const {partitions, points, slotSpace} = await askCli<KeySimulation>(args, nowhere)
  assert.deepEqual([points, slotSpace], [100, {start: 1, end: 65_535}])
  // Computed by the 4.0.8 jar.
  const slots = partitions[0]?.consumers.map(({after, name}) => [name, after?.slots, after?.ranges.length])
  assert.deepEqual(slots, [
    ['c1', 20_340, 72],
    ['c2', 21_396, 59],
    ['c3', 23_799, 66],
  ])
  const old = await askCli<KeySimulation>(['keys', 'simulate', '--offline', '--version', '3.0.2', ...fleet], nowhere)
  assert.equal(old.algorithmSince, '2.4')
  const cases = [
    {args: ['keys', 'simulate', '--offline'], exit: 2, code: 'E_USAGE', says: /--version/},
    {
      args: ['keys', 'simulate', '--offline', '--version', 'x'],
      exit: 2,
      code: 'E_VERSION',
      says: /x is not a Pulsar version/,
    },
    {args: ['keys', 'simulate', '--join', 'a'], exit: 2, code: 'E_TOPIC_MISSING', says: /--offline/},
    {
      args: [...args, '--mode', 'auto-split', '--search-names'],
      exit: 3,
      code: 'E_NAMES_NOT_USED',
      says: /auto-split ignores consumer names/,
    },
  ]
  for (const one of cases) await requireFailure(one)
})

test(
  'keys owner --slot lists each waiting key of the slot, with the partition that stores it',
  live(async (_t, place) => {
    const topic = await createTopic(place, {partitions: 4, subscription: 'decision'})
    const consumer = {topic, subscription: 'decision', type: 'Key_Shared' as const, receiverQueueSize: 1000}
    for (const name of ['one', 'two']) await place.transport.consume({...consumer, name, onMessage: () => undefined})
    const keys = [...userKeys(KEYS), 'user-7', 'user-7']
    await publishKeys(place, topic, keys)
    const where = ['keys', 'owner', topic.full, 'decision']
    const {owners: all} = await askCli<KeyOwners>([...where, ...userKeys(KEYS)])
    for (const {slot} of all.slice(6, 9)) {
      const {owners, slot: sample} = await askCli<KeyOwners>([...where, '--slot', String(slot)])
      const expected = all
        .filter((owner) => owner.slot === slot)
        .map((owner) => [owner.key, owner.partition, owner.consumer?.name, owner.key === 'user-7' ? 3 : 1])
      assert.deepEqual(
        owners.map((owner) => [owner.key, owner.partition, owner.consumer?.name, owner.messages]),
        expected.toSorted((a, b) => Number(b[3]) - Number(a[3])),
      )
      assert.deepEqual([sample?.sampledMessages, sample?.complete, sample?.keys], [keys.length, true, expected.length])
    }
    const slot = String(all[7]?.slot)
    const part = await askCli<KeyOwners>([...where, '--slot', slot, '--max', '100'])
    assert.deepEqual([part.slot?.sampledEntries, part.slot?.complete], [100, false])
    const {stdout} = await runCli([...where, '--slot', slot])
    assert.match(
      stdout,
      new RegExp(`Slot ${slot}: 1 key in 3 of 302 sampled messages \\(302 of 302 backlog entries\\)`),
    )
    assert.match(stdout, /Other keys can have this slot too: keys without unacked messages are not listed\./)
    await requireFailure({args: [...where, '--slot', '2147483647'], exit: 2, code: 'E_SLOT', says: /its slots are/})
    await requireFailure({
      args: [...where, 'user-1', '--slot', '7'],
      exit: 2,
      code: 'E_KEYS',
      says: /cannot be combined/,
    })
    await requireFailure({args: [...where, 'user-1', '--max', '7'], exit: 2, code: 'E_KEYS', says: /applies to --slot/})
  }),
)

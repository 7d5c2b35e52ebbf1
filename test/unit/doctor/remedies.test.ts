import assert from 'node:assert/strict'
import {readdir, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {test} from 'node:test'

import {diagnose} from '../../../src/domain/doctor/diagnose.js'
import {REMEDY_COMMANDS} from '../../../src/domain/doctor/facts/remedies.js'
import {FINDING_CODES} from '../../../src/finding-codes.js'
import {ALL_FINDINGS} from '../../support/faults/finding-snapshots.js'
import {REMEDY_RUNS, type Shape, shapeOf} from '../../support/faults/remedy-runs.js'
import {recordings, snapshotOfRecording} from '../../support/servers/recorded-broker.js'
import {ROOT} from '../../support/root.js'

const INSPECT = 'keyshift subscriptions inspect'
const OLDEST = 'keyshift keys sample --where --max'
const SAMPLE = 'keyshift keys sample'
const OWNER = 'keyshift keys owner'
const UNLOAD = 'pulsar-admin topics unload'
const QUOTA = 'pulsar-admin topicPolicies set-backlog-quota'
const TOPIC_POLICIES = 'pulsar-admin topicPolicies'

/** Each finding with the commands that its remedies can contain. */
const SHAPES: Readonly<Record<(typeof FINDING_CODES)[number], readonly Shape[]>> = {
  'ack-holes-near-limit': [INSPECT],
  'active-consumer-not-acking': [INSPECT, UNLOAD],
  'backlog-evicted': [`${QUOTA} --limit --policy`, `${QUOTA} --type --limitTime --policy`],
  'backlog-expires': [`${TOPIC_POLICIES} set-message-ttl --ttl`],
  'consumer-blocked-on-unacked': [INSPECT, UNLOAD],
  'consumer-holds-unacked': [INSPECT],
  'consumer-not-reading': [INSPECT, UNLOAD],
  'consumer-without-permits': [INSPECT],
  'counter-below-zero': [INSPECT, UNLOAD],
  'delayed-messages': [],
  'dispatch-throttled': [
    'keyshift migrate list',
    INSPECT,
    'pulsar-admin namespaces remove-dispatch-rate',
    'pulsar-admin namespaces remove-subscription-dispatch-rate',
    `${TOPIC_POLICIES} remove-dispatch-rate`,
    `${TOPIC_POLICIES} remove-subscription-dispatch-rate`,
    `${TOPIC_POLICIES} remove-subscription-dispatch-rate --subscription`,
  ],
  'dispatcher-not-reading': [INSPECT, UNLOAD],
  'draining-slot-blocked': [INSPECT, UNLOAD],
  'duplicate-consumer-names': [],
  'hot-key': [OWNER, SAMPLE, `${SAMPLE} --source`],
  'joined-consumer-waits': [OLDEST, INSPECT],
  'keyless-messages': [SAMPLE],
  'known-bugs': [],
  'limit-not-enforced': [INSPECT],
  'locked-key': [OWNER, 'keyshift locks inspect', 'keyshift locks release -o'],
  'look-ahead-full': [INSPECT],
  'mark-delete-blocked': [OLDEST, INSPECT],
  'mixed-key-batches': [SAMPLE],
  'mixed-key-shared-policies': [],
  'mixed-types': [],
  'negative-permits': [INSPECT, UNLOAD],
  'no-consumers': [],
  'open-transactions': [INSPECT],
  'partitions-without-consumer': [],
  'paused-by-ack-holes': [INSPECT],
  'prefetched-backlog': [INSPECT],
  'read-entries-undelivered': [OLDEST, INSPECT, UNLOAD],
  'redelivered-over-and-over': [OLDEST, 'pulsar-admin topics skip --count --subscription'],
  'replay-queue-grows': [INSPECT],
  'replay-stuck': [INSPECT, UNLOAD],
  'stale-block-flag': [INSPECT, UNLOAD],
  'stalled-cause-unknown': [INSPECT, UNLOAD],
  'sticky-ranges-gap': ['keyshift keys ranges'],
  'subscription-blocked-on-unacked': [INSPECT, UNLOAD],
  'subscription-missing-on-partitions': [INSPECT, 'pulsar-admin topics create-subscription --subscription --messageId'],
}

test('each command of each finding is run by a scenario on a live broker', async (t) => {
  const recorded = await Promise.all([...(await recordings()).values()].map((one) => snapshotOfRecording(t, one)))
  const found = new Map<string, Set<Shape>>()
  for (const snapshot of [...recorded, ...ALL_FINDINGS]) {
    for (const {code, remedies} of diagnose(snapshot, 30_000).findings) {
      const shapes = found.get(code) ?? new Set()
      found.set(code, shapes)
      for (const {command} of remedies) {
        const shape = shapeOf(command)
        if (shape === null) assert.doesNotMatch(command, /^(?:keyshift|pulsar-admin) /, 'not a known command')
        else shapes.add(shape)
      }
    }
  }
  assert.deepEqual(
    Object.fromEntries([...found].map(([code, shapes]) => [code, [...shapes].toSorted()])),
    Object.fromEntries(Object.entries(SHAPES).map(([code, shapes]) => [code, shapes.toSorted()])),
  )
  const all = [...new Set(Object.values(SHAPES).flat())].toSorted()
  assert.deepEqual(all, Object.keys(REMEDY_RUNS).toSorted(), 'each shape has a scenario')
  for (const [program, commands] of Object.entries(REMEDY_COMMANDS)) {
    for (const command of commands) {
      // The sentence that proposes `doctor` has a placeholder after the command.
      const isRun = command === 'doctor' || all.some((shape) => `${shape} `.startsWith(`${program} ${command} `))
      assert.ok(isRun, `no scenario runs ${command}`)
    }
  }
})

test('a hot key that HTTP headers may have corrupted is reported as such', () => {
  const messages = ALL_FINDINGS.flatMap((snapshot) => diagnose(snapshot, 30_000).findings)
    .filter(({code}) => code === 'hot-key')
    .map(({message}) => /^90 % of 100 sampled messages have the key (.*?);/.exec(message)?.[1])
  const uncertain = 'user 1 (a space in it may stand for a character beyond Latin-1, which HTTP headers cannot carry)'
  assert.deepEqual(messages, ['user-1', uncertain])
})

test('rules build commands only from the list of commands that are run', async () => {
  const folder = join(ROOT, 'src', 'domain', 'doctor', 'rules')
  for (const name of await readdir(folder)) {
    const source = await readFile(join(folder, name), 'utf8')
    assert.doesNotMatch(source, /suggestedCommand|shellCommand|shellWord/, name)
  }
})

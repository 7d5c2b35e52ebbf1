// Runs alone: consumers that join at the same time must get the shares that a rehearsal predicts.
import assert from 'node:assert/strict'
import {test, type TestContext} from 'node:test'

import type {Handling} from '../../../src/domain/lab/workload-counts.js'
import type {Rehearsal} from '../../../src/domain/rehearsal/rehearse.js'
import type {TopicName} from '../../../src/topic-name.js'
import {askCli, requireFailure, startCli} from '../../support/shells/cli.js'
import {IN_PLACE_FROM_FAILOVER, planChange, requireExactlyOnce, journalFlags} from '../../support/faults/crash.js'
import {ask, connectAcking, createTopic, live, openWorkload, type Place, until} from '../../support/servers/live.js'
import {zipf, zipfRank} from '../../support/fleets/zipf.js'

const NAMES = ['pod-0', 'pod-1', 'pod-2', 'pod-3']
const PARTITIONS = 4
const MESSAGES = 6000

/** A topic with a backlog whose keys are as uneven as users are. */
async function withBacklog(place: Place, messages = MESSAGES): Promise<TopicName> {
  const topic = await createTopic(place, {partitions: PARTITIONS, subscription: 'decision'})
  await publish(place, topic, messages)
  return topic
}

/** The same keys each time. */
async function publish(place: Place, topic: TopicName, messages: number): Promise<void> {
  const producer = await place.transport.produce(topic)
  const next = zipf(20_000, 1.1, 7)
  const sending = Array.from({length: messages}, (_, at) =>
    producer.send({key: `user-${String(next())}`, payload: Buffer.from(String(at))}),
  )
  await Promise.all(sending)
  await producer.close()
}

async function connectReal(
  t: TestContext,
  place: Place,
  topic: TopicName,
  name: string,
  got: Map<string, number>,
): Promise<void> {
  const options = {topic, subscription: 'decision', type: 'Key_Shared', name, receiverQueueSize: 1000} as const
  await connectAcking(t, place, options, () => {
    got.set(name, (got.get(name) ?? 0) + 1)
    return true
  })
}

async function subscriptionsOn(place: Place, topic: TopicName): Promise<string[]> {
  const path = `/persistent/${place.namespace}/${topic.local}/partitioned-stats`
  const {subscriptions} = (await ask(place.addresses, 'GET', path)) as {subscriptions: object}
  return Object.keys(subscriptions)
}

function args(topic: TopicName, ...more: string[]): string[] {
  const names = NAMES.flatMap((name) => ['--name', name])
  return ['migrate', 'rehearse', topic.full, 'decision', '--yes', ...names, ...more]
}

test(
  'the shares match those of real consumers, the real cursor is unchanged, and no subscription is left',
  live(async (t, place) => {
    const topic = await withBacklog(place)
    const result = await askCli<Rehearsal>(args(topic, '--process-time', '0ms', '--messages', '0'))
    assert.equal(result.messages, MESSAGES)
    assert.equal(result.backlogEntries, MESSAGES)
    assert.equal(result.stoppedBy, 'end')
    assert.deepEqual(
      result.cursors.map(({after}) => after),
      result.cursors.map(({before}) => before),
    )
    assert.deepEqual(await subscriptionsOn(place, topic), ['decision'])

    const got = new Map<string, number>()
    const sum = (): number => [...got.values()].reduce((total, count) => total + count, 0)
    for (const name of NAMES) await connectReal(t, place, topic, name, got)
    await until('the backlog', () => sum() >= MESSAGES)
    got.clear() // the consumers that joined first received more of these
    await publish(place, topic, MESSAGES)
    await until('the same messages again', () => sum() >= MESSAGES)
    for (const {name, share} of result.consumers) {
      const real = (got.get(name) ?? 0) / MESSAGES
      t.diagnostic(`${name}: rehearsed ${((share ?? 0) * 100).toFixed(2)} %, real ${(real * 100).toFixed(2)} %`)
      assert.ok(Math.abs((share ?? 0) - real) <= 0.01)
    }
  }),
)

const COMPARED = 10_000

test(
  'after a migration under load each consumer has the share that the rehearsal predicted',
  live(async (t, place) => {
    const rankOf = zipfRank(20_000, 1.1)
    // Multiples of the golden ratio: any few thousand in a row are spread as all are, so shares don't depend on chance.
    const keyOf = (sequence: number): string => `user-${String(rankOf((sequence * 0.6180339887498949) % 1))}`
    const work = {workMs: 2, slowEvery: 97, slowMs: 10}
    const workload = await openWorkload(t, place, {from: 'Failover', ratePerSecond: 800, keyOf, work})
    await until('some load', () => workload.counts.sentCount > 200)
    const names = ['new-0', 'new-1', 'new-2', 'new-3'].flatMap((name) => ['--name', name])
    const rehearse = [
      'migrate',
      'rehearse',
      workload.topic.full,
      'decision',
      '--yes',
      '--process-time',
      '0ms',
      ...names,
    ]
    const {consumers} = await askCli<Rehearsal>([...rehearse, '--messages', '10000'])

    const plan = await planChange(place, workload, IN_PLACE_FROM_FAILOVER)
    const fleet = workload.startStandby()
    await askCli(['migrate', 'apply', plan, '--yes', '--soak', '0s', ...journalFlags(place)])
    await until('the whole fleet', () => fleet.connected === 4)
    // Shares of messages that were sent in a row: a busy machine processes those of the busiest consumer later.
    const first = workload.counts.sentCount
    const rows = (): readonly Handling[] =>
      workload.counts.handlings.filter(({sequence}) => sequence >= first && sequence < first + COMPARED)
    await until(`${String(COMPARED)} messages`, () => rows().length >= COMPARED)
    const counts = Map.groupBy(rows(), ({consumer}) => consumer)
    for (const {name, share} of consumers) {
      const real = (counts.get(name)?.length ?? 0) / COMPARED
      t.diagnostic(`${name}: rehearsed ${((share ?? 0) * 100).toFixed(2)} %, real ${(real * 100).toFixed(2)} %`)
      assert.ok(Math.abs((share ?? 0) - real) <= 0.01)
    }
    await requireExactlyOnce(workload)
  }),
)

test(
  'with processing time the rehearsal reports drain time, busy share and head-of-line blocking',
  live(async (_t, place) => {
    // The first consumers may receive 1,000 messages of each partition at once: enough messages for all are published.
    const topic = await withBacklog(place, 8000)
    const result = await askCli<Rehearsal>(args(topic, '--process-time', '1ms', '--messages', '0'))
    const most = Math.max(...result.consumers.map(({messages}) => messages))
    assert.ok((result.drainMs ?? 0) >= most, 'the busiest consumer cannot be faster than its work')
    assert.ok(result.headOfLine.messages > 0 && (result.headOfLine.p95Ms ?? 0) > 0)
    assert.ok(result.consumers.every(({busyShare}) => busyShare !== null && busyShare > 0))
    assert.equal(result.hotKeys[0]?.key, 'user-1', 'the most frequent of a Zipf distribution is its first')
  }),
)

test(
  'Ctrl-C leaves no subscription; after SIGKILL the next rehearsal deletes the leftover',
  live(async (_t, place) => {
    const topic = await withBacklog(place, 2000)
    const endless = args(topic, '--process-time', '50ms', '--json')
    const isThere = async (): Promise<boolean> => (await subscriptionsOn(place, topic)).length > 1
    const interrupted = startCli(endless)
    await until('the temporary subscription', isThere)
    interrupted.child.kill('SIGINT')
    assert.equal((await interrupted.finished).code, 130)
    assert.deepEqual(await subscriptionsOn(place, topic), ['decision'])

    const killed = startCli(endless)
    await until('the temporary subscription', isThere)
    killed.child.kill('SIGKILL')
    await killed.finished
    assert.equal(await isThere(), true)
    const next = await askCli<Rehearsal>(args(topic, '--process-time', '0ms', '--messages', '0'))
    assert.equal(next.removedLeftovers, 1)
    assert.deepEqual(await subscriptionsOn(place, topic), ['decision'])
  }),
)

test(
  'missing consumers, repeated names and a missing confirmation are refused',
  live(async (_t, place) => {
    const topic = await withBacklog(place, 1)
    const command = ['migrate', 'rehearse', topic.full, 'decision']
    await requireFailure({args: command, exit: 2, code: 'E_USAGE', says: /consumers|name/})
    const twice = [...command, '--name', 'a', '--name', 'a']
    await requireFailure({args: twice, exit: 2, code: 'E_USAGE', says: /same value; give each consumer its own name/})
    await requireFailure({args: [...command, '--consumers', '2'], exit: 2, code: 'E_CONFIRM', says: /--yes/})
    const absent = ['migrate', 'rehearse', topic.full, 'decisoin', '--consumers', '2', '--yes']
    await requireFailure({args: absent, exit: 4, code: 'E_SUBSCRIPTION_NOT_FOUND', says: /did you mean decision\?/})
  }),
)

import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {Diagnosis} from '../../../src/domain/doctor/diagnose.js'
import type {Explanation} from '../../../src/domain/why/explain-key.js'
import {pausedRate} from '../../../src/domain/migration/pause-rate.js'
import {mayDeliverTwiceOnJoin} from '../../../src/domain/migration/double-delivery.js'
import {suggestedCommand} from '../../../src/suggested-command.js'
import {askCli, parseDocument, runCli} from '../../support/shells/cli.js'
import {KEYS} from '../../support/faults/fault-load.js'
import {FaultLab, SUB} from '../../support/faults/fault-lab.js'
import {brokerVersion, live, until} from '../../support/servers/live.js'

/** Messages that are not stuck yet. */
const PATIENT = ['--stuck-after', '1h']

const why = (lab: FaultLab, key: string, ...more: readonly string[]): Promise<Explanation> => {
  const stuck = more.includes('--stuck-after') ? [] : ['--stuck-after', '2s']
  return askCli<Explanation>(['why', lab.topic.full, SUB, key, ...stuck, ...more])
}

const evidenceOf = (chain: Explanation['chain'], wanted: string): string | undefined =>
  chain.flatMap(({evidence}) => evidence).find(({field}) => field === wanted)?.value

/** Repeats the command until the verdict has this code: ages have to grow first. */
async function whyUntil(lab: FaultLab, key: string, code: string, ...more: readonly string[]): Promise<Explanation> {
  let explanation: Explanation | null = null
  await until(`the verdict ${code}`, async () => {
    explanation = await why(lab, key, ...more)
    return explanation.verdict.code === code
  }).catch(() => undefined)
  const last = explanation as Explanation | null
  assert.equal(last?.verdict.code, code, JSON.stringify(last))
  return last
}

/** Repeats the command until the message of the verdict matches. */
async function whyUntilMessage(
  lab: FaultLab,
  key: string,
  message: RegExp,
  ...more: readonly string[]
): Promise<{askedMs: number; answeredMs: number; explanation: Explanation}> {
  let askedMs = Date.now()
  let explanation = await why(lab, key, ...more)
  await until(`a verdict that matches ${String(message)}`, async () => {
    askedMs = Date.now()
    explanation = await why(lab, key, ...more)
    return message.test(explanation.verdict.message)
  }).catch(() => undefined)
  assert.match(explanation.verdict.message, message)
  return {askedMs, answeredMs: Date.now(), explanation}
}

/** Durations of 10 s and more are rounded to seconds. */
const ROUNDED_MS = 500

test(
  'a key without unacked messages is reported as such; a key in entries that were not read is not found',
  live(async (_t, place) => {
    const lab = await FaultLab.open(place, null)
    await lab.join({
      name: 'worker-0',
      habit: ({key}) => (key === 'user-1' || key === 'late' ? 'ignore' : 'ack'),
      type: 'Key_Shared',
    })
    await lab.publish(100, KEYS)
    const none = await whyUntil(lab, 'user-3', 'no-unacked-message')
    assert.deepEqual([none.verdict.confidence, none.consumer?.name, none.changing], ['high', 'worker-0', false])
    assert.deepEqual(
      none.chain.map(({subject}) => subject),
      ['slot', 'owner', 'backlog'],
    )
    await lab.publish(1, ['late'])
    const behind = await why(lab, 'late', '--max', '1', ...PATIENT)
    assert.deepEqual([behind.verdict.code, behind.verdict.confidence], ['not-in-entries-read', 'low'])
    await lab.place.admin.setSubscriptionDispatchRate(lab.topic, SUB, pausedRate(1))
    // The pause takes effect after a few more messages. The message of user-1 is older and is never acknowledged.
    await until('the pause in effect', async () => {
      await lab.publish(10, ['user-3'])
      return (await why(lab, 'user-3')).verdict.code !== 'no-unacked-message'
    })
    const unread = await whyUntil(lab, 'user-3', 'dispatch-throttled', '--max', '1', ...PATIENT)
    assert.equal(unread.verdict.confidence, 'medium', 'the message is not among the entries read')
    const held = await whyUntil(lab, 'user-3', 'dispatch-throttled')
    // The number of messages delivered before the pause takes effect depends on the broker.
    assert.match(
      held.verdict.message,
      /^\d+ messages? of user-3, oldest .*\. The subscription dispatch rate stops delivery/,
    )
  }),
)

test(
  'a message that was delivered and not acked is reported with its consumer',
  live(async (_t, place) => {
    const lab = await FaultLab.open(place, 2)
    await lab.join({name: 'worker-0', habit: 'ignore', type: 'Failover'})
    await lab.publish(20, KEYS)
    const silent =
      /either at worker-0 or awaiting redelivery; it has acked nothing on partition \d since it connected [\d.]+ s ago, last delivery/
    const {chain, consumer, slot, verdict} = (await whyUntilMessage(lab, 'user-3', silent, ...PATIENT)).explanation
    assert.equal(verdict.code, 'delivered-not-acked')
    assert.deepEqual([consumer?.name, slot, verdict.confidence], ['worker-0', null, 'medium'])
    assert.match(verdict.message, /^1 message of user-3, oldest .*; either at worker-0 or awaiting redelivery/)
    assert.deepEqual(
      chain.map(({subject}) => subject),
      ['partition', 'owner', 'backlog'],
    )
    assert.equal(evidenceOf(chain, 'messages of the key'), '1')
    assert.equal(evidenceOf(chain, 'lastAckedTimestamp'), 'never')
    assert.match(evidenceOf(chain, 'lastConsumedTimestamp') ?? '', /^\d{4}-\d\d-\d\dT/)
  }),
)

test(
  'for a consumer that acked other messages, the time since its last acknowledgement is reported',
  live(async (_t, place) => {
    const lab = await FaultLab.open(place, null)
    await lab.join({name: 'worker-0', habit: ({key}) => (key === 'user-3' ? 'ignore' : 'ack'), type: 'Key_Shared'})
    await lab.publish(20, KEYS)
    const young = await whyUntil(lab, 'user-3', 'delivered-not-acked', ...PATIENT)
    const silent = /either at worker-0 .*; it has acked nothing for ([\d.]+) s, last delivery [\d.]+ s ago$/
    const {answeredMs, askedMs, explanation} = await whyUntilMessage(lab, 'user-3', silent, ...PATIENT)
    const {chain, verdict} = explanation
    const ackedMs = Date.parse(evidenceOf(chain, 'lastAckedTimestamp') ?? '')
    const atMs = ackedMs + Number(silent.exec(verdict.message)?.[1]) * 1000
    assert.ok(atMs >= askedMs - ROUNDED_MS && atMs <= answeredMs + ROUNDED_MS, verdict.message)
    assert.equal(evidenceOf(chain, 'lastAckedTimestamp'), evidenceOf(young.chain, 'lastAckedTimestamp'))
  }),
)

test(
  'for a draining slot the consumer that must ack first is named',
  {skip: mayDeliverTwiceOnJoin(brokerVersion, 'Key_Shared') ? 'draining slots came with 4.0' : false},
  live(async (_t, place) => {
    const lab = await FaultLab.open(place, null)
    await lab.join({name: 'worker-0', habit: 'ignore', type: 'Key_Shared'})
    await lab.publish(200, KEYS)
    await until('worker-0 having them all', async () => {
      const {subscriptions = {}} = await place.admin.topicStats(lab.topic)
      return subscriptions[SUB]?.unackedMessages === 200
    })
    await lab.join({name: 'worker-1', habit: 'ack', type: 'Key_Shared'})
    await lab.publish(200, KEYS)
    const moved = []
    for (const key of KEYS.slice(0, 8)) {
      const explanation = await why(lab, key)
      if (explanation.consumer?.name === 'worker-1') moved.push(explanation)
    }
    assert.ok(moved.length > 0)
    for (const {chain, verdict} of moved) {
      assert.equal(verdict.code, 'draining')
      assert.match(verdict.message, /slot \d+ is draining: worker-0 must first ack older messages/)
      assert.ok(chain.some(({subject}) => subject === 'draining'))
    }
  }),
)

test(
  'a Redis lock of a disconnected holder is reported, on a Shared subscription',
  live(async (t, place) => {
    const lab = await FaultLab.open(place, 2)
    const {lock, pattern} = await lab.leaveLock(t, 'user-7')
    await lab.join({name: 'worker-0', habit: 'ignore'})
    await lab.publish(50, KEYS)
    const {chain, verdict} = await whyUntil(lab, 'user-7', 'locked', ...pattern)
    assert.match(verdict.message, /blocked by a Redis lock held by worker-9.*, not a connected consumer/)
    assert.equal(verdict.next, suggestedCommand('locks', 'inspect', lock))
    assert.equal(chain.at(-1)?.subject, 'lock')
    const free = await why(lab, 'user-8', ...pattern)
    assert.equal(free.chain.at(-1)?.message, 'no Redis lock is held for this key')
    const text = (await runCli(['why', lab.topic.full, SUB, 'user-7', ...pattern])).stdout
    assert.match(text, /→ Redis lock held by worker-9/)
    assert.match(text, /^next: keyshift locks inspect/m)
  }),
)

test(
  'bad input: an unknown subscription, or a pattern for several locks',
  live(async (_t, place) => {
    const lab = await FaultLab.open(place, null)
    for (const [args, code] of [
      [['none', 'a'], 'E_SUBSCRIPTION_NOT_FOUND'],
      [[SUB, 'a', '--key-pattern', 'lock:*:{key}'], 'E_PATTERN'],
      [[SUB], 'E_USAGE'],
    ] as const) {
      const run = await runCli(['why', lab.topic.full, ...args, '--json'])
      assert.equal(parseDocument(run.stdout).error.code, code, run.stdout)
    }
  }),
)

test(
  'a delayed message is reported as delayed, with the time until it is due',
  live(async (_t, place) => {
    const lab = await FaultLab.open(place, null)
    await lab.join({name: 'worker-0', habit: 'ack'})
    await lab.publishDelayed(600_000)
    const {verdict} = await whyUntil(lab, 'a', 'delayed')
    assert.equal(verdict.confidence, 'high')
    assert.match(verdict.message, /^1 message of a, oldest .*; it is delayed and due in (?:9|10) min$/)
  }),
)

test(
  'a lock that a connected consumer holds, or that no --holder-pattern identifies, may block the message',
  live(async (t, place) => {
    const lab = await FaultLab.open(place, null)
    const {pattern} = await lab.leaveLock(t, 'user-7', 'worker-0')
    await lab.join({name: 'worker-0', habit: ({key}) => (key === 'user-7' ? 'nack' : 'ack')})
    await lab.publish(100, KEYS)
    const known = await whyUntil(lab, 'user-7', 'locked', ...pattern)
    assert.equal(known.verdict.confidence, 'medium')
    assert.match(
      known.verdict.message,
      /held by worker-0.*, a connected consumer, which may be processing.*never expires/,
    )
    const unknown = await whyUntil(lab, 'user-7', 'locked', ...pattern.slice(0, 2))
    assert.match(unknown.verdict.message, /which may or may not be a consumer \(--holder-pattern identifies it\)/)
    const {findings} = await askCli<Diagnosis>(['doctor', lab.topic.full, SUB, '--stuck-after', '2s', ...pattern])
    const locked = findings.find(({code}) => code === 'locked-key')
    assert.equal(locked?.severity, 'warn')
    const commands = findings.flatMap(({remedies}) => remedies.map(({command}) => command))
    assert.ok(!commands.some((command) => command.includes('topics skip')), commands.join('\n'))
  }),
)

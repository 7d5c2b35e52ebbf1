import assert from 'node:assert/strict'
import {test} from 'node:test'
import {setTimeout as delay} from 'node:timers/promises'

import type {Message, MessageConsumer} from '../../../src/clients/pulsar-messages/transport.js'
import type {TopicName} from '../../../src/topic-name.js'
import type {Diagnosis} from '../../../src/domain/doctor/diagnose.js'
import {askCli} from '../../support/shells/cli.js'
import {KEYS} from '../../support/faults/fault-load.js'
import {FaultLab, SUB} from '../../support/faults/fault-lab.js'
import {ask, closeFirst, live, type Place} from '../../support/servers/live.js'

/** Ten minutes with the default limit in the full run. Otherwise everything is five times faster. */
const IS_FULL = process.env['KEYSHIFT_TEST_CRASHES'] === 'all'
const SPEED = IS_FULL ? 1 : 5
const SOAK_MS = IS_FULL ? 600_000 : 60_000
const EVERY_MS = 5000
const STUCK_AFTER_MS = 30_000 / SPEED

/** What healthy consumers do. It runs until the signal is aborted. */
interface Shape {
  readonly what: string
  readonly partitions: number | null
  readonly run: (lab: FaultLab, signal: AbortSignal, place: Place) => Promise<void>
}

const SHAPES: readonly Shape[] = [
  {
    what: 'one consumer works 20 partitions in turn',
    partitions: 20,
    async run(lab, signal) {
      const waiting = Array.from({length: 20}, (): Array<() => Promise<void>> => [])
      for (const [at, own] of waiting.entries()) {
        const joining: Promise<MessageConsumer> = consume(lab, {
          ...{name: 'worker-0', queue: 1000, topic: lab.partition(at)},
          onMessage: (message) => own.push(() => joining.then((consumer) => consumer.ack(message))),
        })
        await joining
      }
      await repeat(signal, 20, async () => {
        // All messages of one partition, then those of the next one.
        const next = waiting.find((own) => own.length > 0)
        if (next) await next.shift()?.()
        else await lab.publish(2000, KEYS)
      })
    },
  },
  {
    what: 'bursts after a long idle time, receiver queues of 1 and 1000',
    partitions: 2,
    async run(lab, signal) {
      await lab.join({name: 'small', habit: 'ack', queue: 1})
      await lab.join({name: 'large', habit: 'ack', queue: 1000})
      await repeat(signal, 60_000 / SPEED, () => lab.publish(200, KEYS))
    },
  },
  {
    what: 'messages are acknowledged together at intervals',
    partitions: 2,
    async run(lab, signal) {
      const waiting: Message[] = []
      const consumer = await consume(lab, {
        name: 'worker-0',
        queue: 1000,
        onMessage: (message) => waiting.push(message),
      })
      await Promise.all([
        repeat(signal, 500, () => lab.publish(20, KEYS)),
        repeat(signal, 20_000 / SPEED, async () => {
          await Promise.all(waiting.splice(0).map((message) => consumer.ack(message)))
        }),
      ])
    },
  },
  {
    what: 'delayed messages',
    partitions: null,
    async run(lab, signal) {
      await lab.join({name: 'worker-0', habit: 'ack'})
      await repeat(signal, 1000, () => lab.publishDelayed(45_000 / SPEED))
    },
  },
  {
    what: 'a compacted topic',
    partitions: null,
    async run(lab, signal, place) {
      await lab.join({name: 'worker-0', habit: 'ack'})
      const {local, namespace, tenant} = lab.topic
      await lab.publish(100, KEYS)
      await ask(place.addresses, 'PUT', `/persistent/${tenant}/${namespace}/${local}/compaction`)
      await repeat(signal, 500, () => lab.publish(50, KEYS))
    },
  },
  {
    what: 'rolling restarts',
    partitions: 4,
    async run(lab, signal) {
      const join = (name: string): Promise<MessageConsumer> =>
        lab.join({name, habit: 'ack', type: 'Key_Shared', queue: 100})
      const names = ['worker-0', 'worker-1', 'worker-2', 'worker-3']
      const workers = new Map<string, MessageConsumer>()
      for (const name of names) workers.set(name, await join(name))
      let turn = 0
      await Promise.all([
        repeat(signal, 500, () => lab.publish(150, KEYS)),
        repeat(signal, 3000, async () => {
          const name = names[turn++ % names.length] ?? ''
          await workers.get(name)?.close()
          workers.set(name, await join(name))
        }),
      ])
    },
  },
]

test(
  `six kinds of healthy traffic give no error for ${String(SOAK_MS / 1000)} s`,
  live(async (t, place) => {
    const ending = new AbortController()
    const labs = await Promise.all(
      SHAPES.map(({partitions}, at) => FaultLab.open(place, partitions, `orders-${String(at)}`)),
    )
    const running = Promise.all(SHAPES.map(({run}, at) => run(labOf(labs, at), ending.signal, place)))
    closeFirst(t, async () => {
      ending.abort()
      await running
    })
    const found: string[] = []
    const look = async (...args: readonly string[]): Promise<void> => {
      const limit = ['--stuck-after', `${String(STUCK_AFTER_MS)}ms`]
      const {findings} = await askCli<Diagnosis>(['doctor', ...args, ...limit])
      for (const {code, message, severity, subject} of findings)
        found.push(`${severity} ${code} ${subject.topic}: ${message}`)
    }
    const until = Date.now() + SOAK_MS
    let rounds = 0
    while (Date.now() < until) {
      const startedAt = Date.now()
      // All topics at once, and one subscription by name, of which doctor reads more.
      await look(`persistent://${place.namespace}/*`)
      await look(labOf(labs, rounds++ % labs.length).topic.full, SUB)
      await delay(Math.max(0, startedAt + EVERY_MS - Date.now()))
    }
    t.diagnostic(`${String(rounds)} rounds; found: ${[...new Set(found.map(withoutNumbers))].join('; ') || 'nothing'}`)
    assert.deepEqual(
      found.filter((text) => text.startsWith('error')),
      [],
    )
    assert.ok(rounds >= SHAPES.length)
  }),
)

function labOf(labs: readonly FaultLab[], at: number): FaultLab {
  const lab = labs[at]
  assert.ok(lab)
  return lab
}

interface Consumer {
  readonly name: string
  readonly queue: number
  readonly topic?: TopicName
  readonly onMessage: (message: Message) => void
}

function consume(lab: FaultLab, {name, onMessage, queue, topic = lab.topic}: Consumer): Promise<MessageConsumer> {
  return lab.place.transport.consume({
    ...{topic, type: 'Shared', subscription: SUB, receiverQueueSize: queue},
    ...{name, onMessage},
  })
}

function withoutNumbers(text: string): string {
  return text.replace(/\d[\d,.]*/g, 'N')
}

/** Repeats the work until the signal is aborted. */
async function repeat(signal: AbortSignal, everyMs: number, work: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await work()
    await delay(everyMs, undefined, {signal}).catch(() => undefined)
  }
}

import type {TestContext} from 'node:test'
import {setTimeout as delay} from 'node:timers/promises'

import {closeFirst} from '../servers/live.js'
import type {FaultLab} from './fault-lab.js'

export const KEYS = Array.from({length: 200}, (_, at) => `user-${String(at)}`)

/** Acknowledges one message every 50 ms, so that there is a backlog for a while and nothing is stuck. */
export async function joinSlow(lab: FaultLab, t: TestContext, type: 'Key_Shared' | 'Shared'): Promise<void> {
  const waiting: Array<() => void> = []
  const working = setInterval(() => waiting.shift()?.(), 50)
  t.after(() => {
    clearInterval(working)
  })
  const joining = lab.place.transport.consume({
    ...{topic: lab.topic, type, name: 'worker-0', subscription: lab.subscription, receiverQueueSize: 10},
    onMessage: (message) => {
      waiting.push(() => void joining.then((consumer) => consumer.ack(message)).catch(() => undefined))
    },
  })
  await joining
}

/** Publishes messages of which the consumers leave every second one unacked. */
export async function makeAckHoles(lab: FaultLab, consumers: number, messages: number): Promise<void> {
  for (let number = 0; number < consumers; number++) {
    let [taken, ignored] = [0, 0]
    // The broker sends no more messages to a consumer whose unacked messages fill its queue.
    const habit = (): 'ack' | 'ignore' => (taken++ % 2 === 0 && ignored++ < 800 ? 'ignore' : 'ack')
    await lab.join({name: `worker-${String(number)}`, habit})
  }
  await lab.publish(messages, KEYS)
}

/** Publishes a few messages repeatedly until the test ends. */
export function keepPublishing(lab: FaultLab, t: TestContext): void {
  const ending = new AbortController()
  const publishing = publishUntil(ending.signal, lab)
  closeFirst(t, async () => {
    ending.abort()
    await publishing
  })
}

async function publishUntil(signal: AbortSignal, lab: FaultLab): Promise<void> {
  while (!signal.aborted) {
    await lab.publish(5, KEYS)
    await delay(200, undefined, {signal}).catch(() => undefined)
  }
}

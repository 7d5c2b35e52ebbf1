import assert from 'node:assert/strict'
import {test} from 'node:test'
import {setTimeout as delay} from 'node:timers/promises'

import type {Diagnosis} from '../../../src/domain/doctor/diagnose.js'
import {askCli} from '../../support/shells/cli.js'
import {KEYS} from '../../support/faults/fault-load.js'
import {FaultLab, SUB} from '../../support/faults/fault-lab.js'
import {live} from '../../support/servers/live.js'

/** Ten minutes in the full run. */
const SOAK_MS = process.env['KEYSHIFT_TEST_CRASHES'] === 'all' ? 600_000 : 40_000
const EVERY_MS = 10_000
const RESTART_MS = 3000
const WORKERS = 4

test(
  `a healthy Key_Shared subscription under load has no error while its consumers restart in turn for ${String(SOAK_MS / 1000)} s`,
  live(async (t, place) => {
    const lab = await FaultLab.open(place, 4)
    const ending = new AbortController()
    const names = Array.from({length: WORKERS}, (_, at) => `worker-${String(at)}`)
    const workers = new Map<string, Awaited<ReturnType<FaultLab['join']>>>()
    for (const name of names) workers.set(name, await lab.join({name, habit: 'ack', type: 'Key_Shared', queue: 100}))
    const loading = repeat(ending.signal, 500, () => lab.publish(150, KEYS))
    let turn = 0
    const restarting = repeat(ending.signal, RESTART_MS, async () => {
      const name = names[turn++ % WORKERS] ?? ''
      await workers.get(name)?.close()
      workers.set(name, await lab.join({name, habit: 'ack', type: 'Key_Shared', queue: 100}))
    })
    const found: string[] = []
    const until = Date.now() + SOAK_MS
    let runs = 0
    while (Date.now() < until) {
      const startedAt = Date.now()
      const {findings} = await askCli<Diagnosis>(['doctor', lab.topic.full, SUB])
      runs++
      for (const {code, message, severity} of findings) found.push(`${severity} ${code}: ${message}`)
      await delay(Math.max(0, startedAt + EVERY_MS - Date.now()))
    }
    ending.abort()
    await Promise.all([loading, restarting])
    t.diagnostic(
      `${String(runs)} runs, ${String(turn)} restarts; found: ${[...new Set(found)].join('; ') || 'nothing'}`,
    )
    assert.deepEqual(
      found.filter((text) => text.startsWith('error')),
      [],
    )
    assert.ok(runs >= SOAK_MS / EVERY_MS - 1 && turn > WORKERS)
  }),
)

/** Repeats the work until the signal is aborted. */
async function repeat(signal: AbortSignal, everyMs: number, work: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await work()
    await delay(everyMs, undefined, {signal}).catch(() => undefined)
  }
}

// Runs alone: it measures how long other subscriptions get no message.
import assert from 'node:assert/strict'
import {test, type TestContext} from 'node:test'
import {setTimeout as delay} from 'node:timers/promises'

import type {Workload} from '../../../src/domain/lab/workload.js'
import type {MigrationResult} from '../../../src/domain/migration/run/migration-result.js'
import {askCli} from '../../support/shells/cli.js'
import {
  type TypeChange,
  NEW_SUBSCRIPTION,
  planChange,
  untilMigration,
  journalFlags,
} from '../../support/faults/crash.js'
import {
  closeFirst,
  connectAcking,
  live,
  openWorkload,
  type Place,
  settleExactlyOnce,
} from '../../support/servers/live.js'
import {SUBSCRIPTION} from '../../support/reports/migration-runs.js'

/** A neighbor's interruption beyond what it has anyway, in ms. */
const TOLERATED_MS = 200

/** Another subscription of the topic, which records when messages arrive. */
class Neighbor {
  readonly name: string
  private last = 0
  private longest = 0

  constructor(name: string) {
    this.name = name
  }

  got(): void {
    const now = performance.now()
    if (this.last > 0) this.longest = Math.max(this.longest, now - this.last)
    this.last = now
  }

  /** The longest silence since it was asked last, in ms. */
  silence(): number {
    const found = Math.max(this.longest, performance.now() - this.last)
    this.longest = 0
    return Math.round(found)
  }
}

/** A Shared and a Failover subscription and a reader, each with all messages of the topic. */
async function addNeighbors(t: TestContext, place: Place, workload: Workload): Promise<Neighbor[]> {
  const {transport} = place
  const neighbors: Neighbor[] = []
  for (const type of ['Shared', 'Failover'] as const) {
    const neighbor = new Neighbor(type)
    neighbors.push(neighbor)
    const name = type.toLowerCase()
    const options = {topic: workload.topic, subscription: `neighbor-${name}`, type, name: `${name}-0`}
    await connectAcking(t, place, {...options, receiverQueueSize: 500}, () => {
      neighbor.got()
      return true
    })
  }
  const reading = new Neighbor('reader')
  neighbors.push(reading)
  const reader = await transport.read({
    topic: workload.topic,
    after: null,
    receiverQueueSize: 500,
    onMessage: () => {
      reading.got()
    },
  })
  closeFirst(t, () => reader.close())
  return neighbors
}

async function migrate(place: Place, workload: Workload, change: TypeChange): Promise<MigrationResult> {
  const accept = change.strategy === 'in-place' ? ['--accept', 'neighbors-restricted'] : []
  const plan = await planChange(place, workload, change, accept)
  const args = ['migrate', 'apply', plan, '--yes', '--soak', '0s', '--postpone', ...journalFlags(place)]
  const running = askCli<MigrationResult>(args)
  const {id} = await untilMigration(place, 'the preparation', ({readyToCutOver}) => readyToCutOver)
  workload.startStandby(workload.topic, change.strategy === 'in-place' ? SUBSCRIPTION : NEW_SUBSCRIPTION)
  await askCli(['migrate', 'cutover', id, '--yes', ...journalFlags(place)])
  return running
}

/** A busy machine interrupts all clients now and then; a migration that interrupted others would do so in each attempt. */
const ATTEMPTS = {'blue-green': 3, 'in-place': 1}

for (const strategy of ['blue-green', 'in-place'] as const) {
  test(
    `${strategy}: other subscriptions of the topic continue during the migration`,
    live(async (t, place) => {
      let interrupted = ['not measured']
      for (let attempt = 0; attempt < ATTEMPTS[strategy] && interrupted.length > 0; attempt++) {
        interrupted = await interruptedBy(t, place, {strategy, from: 'Shared', to: 'Key_Shared'})
      }
      if (strategy === 'blue-green') assert.deepEqual(interrupted, [])
    }),
  )
}

/** Migrates a new topic. @returns the neighbors that waited longer than before. */
async function interruptedBy(t: TestContext, place: Place, change: TypeChange): Promise<string[]> {
  const workload = await openWorkload(t, place)
  const neighbors = await addNeighbors(t, place, workload)
  await delay(1000) // the first messages come in bursts
  for (const neighbor of neighbors) neighbor.silence()
  await delay(4000)
  const baseline = neighbors.map((neighbor) => neighbor.silence())
  const result = await migrate(place, workload, change)
  assert.equal(result.state, 'done')
  const during = neighbors.map((neighbor) => neighbor.silence())
  const interrupted = neighbors.filter(({name}, at) => {
    const [was, is] = [baseline[at] ?? 0, during[at] ?? Infinity]
    t.diagnostic(`${name}: longest silence ${String(was)} ms before, ${String(is)} ms during the migration`)
    return is > was + TOLERATED_MS
  })
  await settleExactlyOnce(workload)
  return interrupted.map(({name}) => name)
}

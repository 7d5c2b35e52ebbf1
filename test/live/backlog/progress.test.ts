import assert from 'node:assert/strict'
import {createInterface} from 'node:readline'
import {test} from 'node:test'

import type {ConsumerProgress} from '../../../src/domain/progress/consumer-progress.js'
import type {BacklogReport} from '../../../src/domain/backlog/backlog-report.js'
import {askCli, runCli, startCli} from '../../support/shells/cli.js'
import {KEYS} from '../../support/faults/fault-load.js'
import {FaultLab, SUB} from '../../support/faults/fault-lab.js'
import {ask, live, until} from '../../support/servers/live.js'

const show = (lab: FaultLab): string[] => [
  'backlog',
  'show',
  lab.topic.full,
  SUB,
  '--window',
  '2s',
  '--stuck-after',
  '1s',
]

async function unackedOf({place, topic}: FaultLab): Promise<number> {
  const {subscriptions = {}} = await place.admin.topicStats(topic)
  return subscriptions[SUB]?.unackedMessages ?? 0
}

const verdictsOf = (consumers: readonly ConsumerProgress[] = []): Array<string | null> =>
  consumers.map(({name, verdict}) => `${String(name)} ${String(verdict)}`)

test(
  'acknowledgements after one unacked message: mark-delete is blocked, and it is not a stall',
  live(async (_t, place) => {
    const lab = await FaultLab.open(place, null)
    await lab.join({name: 'worker-0', habit: ({key}) => (key === 'late' ? 'ignore' : 'ack')})
    await lab.publish(1, ['late'])
    await until('the late message to be delivered', async () => (await unackedOf(lab)) === 1)
    const loading = new AbortController()
    const load = (async () => {
      while (!loading.signal.aborted) await lab.publish(20, KEYS)
    })()
    const report = await askCli<BacklogReport>(show(lab))
    const {stdout} = await runCli(show(lab))
    loading.abort()
    await load
    const [row] = report.partitions
    assert.deepEqual([row?.markDelete, row?.completeness, row?.wasReloaded], ['blocked', 1, false])
    assert.notEqual(row?.verdict, 'stalled')
    assert.deepEqual(verdictsOf(row?.consumers), ['worker-0 acking'])
    const {ackedOrReturnedMessages, deliveredMessages} = row?.consumers[0] ?? {}
    assert.ok((ackedOrReturnedMessages ?? 0) > 0 && (deliveredMessages ?? 0) > 0, JSON.stringify(row?.consumers))
    assert.match(stdout, /^not stalled: newer messages are being acked/m)
  }),
)

for (const type of ['Shared', 'Failover'] as const) {
  test(
    `consumers without acknowledgements have the right verdict on ${type}`,
    live(async (_t, place) => {
      // On partition 0 the first consumer by name is active; on a plain topic a hash decides.
      const lab = await FaultLab.open(place, 1)
      await lab.join({name: 'worker-0', habit: 'ignore', type})
      await lab.publish(50, KEYS)
      await until('all messages to be delivered', async () => {
        const {subscriptions = {}} = await place.admin.topicStats(lab.partition(0))
        return subscriptions[SUB]?.msgOutCounter === 50
      })
      await lab.join({name: 'worker-1', habit: 'ignore', type})
      const report = await askCli<BacklogReport>(show(lab))
      assert.deepEqual([report.total.verdict, report.total.drainReason], ['stalled', 'stalled'])
      assert.deepEqual(verdictsOf(report.partitions[0]?.consumers), ['worker-0 not-acking', 'worker-1 idle'])
      assert.equal(report.partitions[0]?.markDelete, 'unchanged')
    }),
  )
}

test(
  'a consumer that requests no messages has no permits',
  live(async (_t, place) => {
    const lab = await FaultLab.open(place, null)
    const leave = await lab.joinSilent('worker-0')
    await lab.publish(10, KEYS)
    const report = await askCli<BacklogReport>(show(lab))
    await leave()
    assert.deepEqual(verdictsOf(report.partitions[0]?.consumers), ['worker-0 no-permits'])
  }),
)

test(
  'a topic that is reloaded in the window is reported as such, and its rates are unknown',
  live(async (_t, place) => {
    const lab = await FaultLab.open(place, 2)
    await lab.join({name: 'worker-0', habit: 'ack'})
    await lab.publish(100, KEYS)
    const {child, finished} = startCli(['backlog', 'watch', lab.topic.full, SUB, '--every', '200ms'])
    assert.ok(child.stdout)
    let last: BacklogReport | null = null
    createInterface({input: child.stdout}).on('line', (line) => {
      last = JSON.parse(line) as BacklogReport
    })
    await until(
      'rates of both partitions',
      () => last?.partitions.every(({rateOutPerSecond}) => rateOutPerSecond !== null) === true,
    )
    await ask(place.addresses, 'PUT', `/persistent/${place.namespace}/${lab.topic.local}-partition-1/unload`)
    await until('the reload to be reported', () => last?.partitions[1]?.wasReloaded === true)
    assert.deepEqual(
      (last as BacklogReport | null)?.partitions.map(({rateOutPerSecond, wasReloaded}) => [
        wasReloaded,
        rateOutPerSecond === null,
      ]),
      [
        [false, false],
        [true, true],
      ],
    )
    child.kill('SIGINT')
    await finished
  }),
)

import assert from 'node:assert/strict'
import {test} from 'node:test'

import {renderTable} from '../../../src/cli/render/table.js'
import {type Diagnosis, diagnose} from '../../../src/domain/doctor/diagnose.js'
import type {DoctorFinding} from '../../../src/domain/doctor/facts/doctor-finding.js'
import {askCli, parseDocument, runCli} from '../../support/shells/cli.js'
import {reportedCauses} from '../../support/faults/reported-causes.js'
import {faultCauses} from '../../support/faults/fault-causes.js'
import {KEYS} from '../../support/faults/fault-load.js'
import {runRemedies} from '../../support/faults/run-remedies.js'
import {FaultLab, SUB} from '../../support/faults/fault-lab.js'
import {REPLAYS, snapshotOf} from '../../support/faults/fault-replays.js'
import {brokerVersion, live, type Place, until} from '../../support/servers/live.js'
import {untilUnchanged} from '../../support/faults/topic-state.js'

/** @returns the findings as soon as the first has the expected code and message; the last ones if that does not happen. */
async function doctor(lab: FaultLab, code: string, args: readonly string[], message = /./): Promise<DoctorFinding[]> {
  let findings: DoctorFinding[] = []
  await until(code, async () => {
    const more = args.includes('--stuck-after') ? [] : ['--stuck-after', '2s']
    ;({findings} = await askCli<Diagnosis>(['doctor', lab.topic.full, SUB, '--window', '2s', ...more, ...args]))
    return findings[0]?.code === code && message.test(findings[0].message)
  }).catch((error: unknown) => {
    if (findings.length === 0) throw error
  })
  return findings
}

/** Each cause with its findings, printed at the end of the run. */
const table: string[][] = []
const row = (what: string, how: string, findings: readonly DoctorFinding[]): void => {
  const counts = Map.groupBy(findings, ({code, severity}) => `${severity} ${code}`)
  const found = [...counts].map(([text, same]) => (same.length > 1 ? `${text} × ${String(same.length)}` : text))
  table.push([what, how, found.join(', ')])
}

for (const {args = [], code, consumer, make, message, partitions, skip = false, what} of [
  ...faultCauses(),
  ...reportedCauses(),
]) {
  test(
    `${what}: ${code}`,
    {skip},
    live(async (t, place) => {
      const lab = await FaultLab.open(place, partitions)
      await make(lab, t)
      const findings = await doctor(lab, code, args, message)
      const [first, ...others] = findings
      row(what, 'made', findings)
      assert.equal(first?.code, code, JSON.stringify(findings))
      assert.deepEqual(
        others.filter(({severity}) => severity === 'error'),
        [],
      )
      if (message) assert.match(first.message, message)
      if (consumer !== undefined) assert.equal(first.subject.consumer?.name, consumer)
      assert.ok(first.evidence.length > 0 && first.remedies.length > 0)
      await runRemedies(
        t,
        lab,
        findings.flatMap(({remedies}) => remedies.map(({command}) => command)),
      )
    }),
  )
}

test(
  'a lock of a disconnected holder blocks messages: locked-key',
  live(async (t, place) => {
    const lab = await FaultLab.open(place, 2)
    const {lock, pattern} = await lab.leaveLock(t, 'user-7')
    await lab.join({name: 'worker-0', habit: ({key}) => (key === 'user-7' ? 'ignore' : 'ack')})
    await lab.publish(100, KEYS)
    const lockNow = async (): Promise<unknown> => [await place.redis.get(lock), await place.redis.pexpiretime(lock)]
    const before = await lockNow()
    const findings = await doctor(lab, 'locked-key', pattern)
    row('a lock of a disconnected holder blocks messages', 'made', findings)
    const [first, ...others] = findings
    assert.equal(first?.code, 'locked-key', JSON.stringify(first))
    assert.deepEqual(
      others.filter(({severity}) => severity === 'error'),
      [],
    )
    assert.deepEqual(first.subject.key, 'user-7')
    assert.match(
      first.message,
      /1 message of key user-7 is blocked by the Redis lock .*\. It is held by worker-9.*, not a connected consumer; the lock never expires/,
    )
    assert.deepEqual([await lockNow(), await place.redis.keys(`${place.keyPrefix}*`)], [before, [lock]])
  }),
)

test('causes that only an old broker has are found in replayed snapshots; the table lists all causes', (t) => {
  for (const {code, report, sample, version, what} of REPLAYS) {
    const {findings} = diagnose(snapshotOf(sample, sample, {brokerVersion: version}), 30_000)
    row(what, `replayed from apache/pulsar${report}`, findings)
    assert.deepEqual([findings[0]?.code, findings.slice(1).filter(({severity}) => severity === 'error')], [code, []])
  }
  const heads = ['cause', `on ${brokerVersion}`, 'findings']
  t.diagnostic(
    renderTable(
      heads.map((head, at) => ({head, cell: (row: readonly string[]) => row[at] ?? null})),
      table,
    ),
  )
  assert.ok(table.length >= REPLAYS.length)
})

test(
  'a healthy subscription has no findings; doctor, why and backlog change nothing; a snapshot gives the same findings without a broker',
  live(async (_t, place: Place) => {
    const lab = await FaultLab.open(place, 2)
    await lab.join({name: 'worker-0', habit: 'ack'})
    await lab.publish(100, KEYS)
    assert.deepEqual((await askCli<Diagnosis>(['doctor', lab.topic.full, SUB, '--window', '1s'])).findings, [])
    await lab.publish(1, KEYS)
    const state = await untilUnchanged(place, [
      `/persistent/${place.namespace}/orders/partitioned-internalStats`,
      `/namespaces/${place.namespace}`,
    ])
    const before = await state()
    const file = `${place.folder}/snapshot.json`
    const args = ['doctor', lab.topic.full, '--window', '1s', '--snapshot', file]
    const live = await askCli<Diagnosis>(args)
    await askCli(['why', lab.topic.full, SUB, 'user-3'])
    await askCli(['backlog', 'show', lab.topic.full, SUB, '--window', '1s'])
    assert.deepEqual(await state(), before)
    assert.deepEqual(await askCli<Diagnosis>(['doctor', '--from', file]), live)
  }),
)

test(
  'a pattern checks every topic that matches',
  live(async (_t, place: Place) => {
    const lab = await FaultLab.open(place, 2)
    await lab.publish(10, KEYS)
    for (const name of ['idle-1', 'idle-2']) {
      await place.admin.createTopic(place.topic(name))
      await place.admin.createSubscription(place.topic(name), SUB, 'earliest')
    }
    const all = await askCli<Diagnosis>(['doctor', place.namespace, '--window', '1s'])
    assert.deepEqual([all.subscriptions, all.complete, all.failed], [3, true, []])
    assert.deepEqual(
      all.findings.map(({code, subject: {topic}}) => [code, topic]),
      [['no-consumers', lab.topic.full]],
    )
    const some = await askCli<Diagnosis>(['doctor', `persistent://${place.namespace}/idle-*`, '--window', '1s'])
    assert.deepEqual([some.subscriptions, some.findings], [2, []])
    const none = await runCli(['doctor', `persistent://${place.namespace}/none-*`, '--window', '1s'])
    assert.match(none.stdout, /^No subscriptions to check \(Pulsar .*\)\.\nnext: keyshift subscriptions list$/m)
  }),
)

test(
  'bad input: an unknown topic or subscription, or a file that is not a snapshot; --fail-on exits 10',
  live(async (_t, place) => {
    const lab = await FaultLab.open(place, null)
    await lab.publish(1, KEYS)
    const cases: ReadonlyArray<readonly [args: readonly string[], code: string, exit: number]> = [
      [['public/default', 'decision'], 'E_PATTERN', 2],
      [[`${lab.topic.full}-none`], 'E_TOPIC_NOT_FOUND', 4],
      [[lab.topic.full, 'none'], 'E_SUBSCRIPTION_NOT_FOUND', 4],
      [['--from', '/nowhere'], 'E_SNAPSHOT_FILE', 2],
      [[lab.topic.full, '--key-pattern', 'lock:{key}'], 'E_SUBSCRIPTION', 2],
      [['--from', 'package.json'], 'E_SNAPSHOT_FILE', 2],
    ]
    for (const [args, code, exit] of cases) {
      const run = await runCli(['doctor', ...args, '--json'])
      assert.equal(parseDocument(run.stdout).error.code, code, run.stdout)
      assert.equal(run.code, exit)
    }
    const odd = await FaultLab.open(place, null, 'orders (old) [1]!')
    assert.equal((await askCli<Diagnosis>(['doctor', odd.topic.full, SUB, '--window', '1s'])).subscriptions, 1)
    const run = await runCli([
      'doctor',
      lab.topic.full,
      SUB,
      '--window',
      '1s',
      '--stuck-after',
      '500ms',
      '--fail-on',
      'error',
    ])
    assert.equal(run.code, 10)
    assert.match(run.stdout, /error no-consumers/)
    assert.match(run.stdout, /try start the consumers {3}Impact: consumers receive the whole backlog/)
  }),
)

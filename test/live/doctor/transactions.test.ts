import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {after, test, type TestContext} from 'node:test'

import type {Addresses} from '../../../src/cli/connection/default-addresses.js'
import type {Diagnosis} from '../../../src/domain/doctor/diagnose.js'
import type {DoctorFinding} from '../../../src/domain/doctor/facts/doctor-finding.js'
import type {Explanation} from '../../../src/domain/why/explain-key.js'
import {FaultLab, SUB} from '../../support/faults/fault-lab.js'
import {brokerClasspath, javaProgram} from '../../support/fleets/programs.js'
import {releaseStack, runStack} from '../../support/servers/own-stack.js'
import {brokerVersion, closeFirst, live, until} from '../../support/servers/live.js'
import {askCli} from '../../support/shells/cli.js'

const WHICH = ['--pulsar', brokerVersion, '--config', 'transactions']
const stack = JSON.parse(await runStack('up', WHICH).finished) as Addresses
after(() => releaseStack(WHICH))
const ENV = {KEYSHIFT_ADMIN_URL: stack.adminUrl, KEYSHIFT_REDIS_URL: stack.redisUrl}
const FAST = ['--window', '2s', '--stuck-after', '2s']

/** Leaves a transaction open until the test ends, or until the returned function aborts it. */
async function openTransaction(t: TestContext, args: readonly string[]): Promise<() => Promise<void>> {
  const {args: javaArgs, command} = javaProgram('OpenTransaction.java', await brokerClasspath())
  const child = spawn(command, [...javaArgs, stack.serviceUrl, ...args], {stdio: ['pipe', 'pipe', 'pipe']})
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  const closed = once(child, 'close')
  const abort = async (): Promise<void> => {
    child.stdin.end()
    const [code] = (await closed) as [number | null]
    assert.equal(code, 0, errors.slice(-3000))
  }
  closeFirst(t, abort)
  await Promise.race([once(child.stdout, 'data'), closed])
  assert.equal(child.exitCode, null, errors.slice(-3000))
  return abort
}

async function firstFinding(lab: FaultLab, code: string): Promise<DoctorFinding> {
  let findings: DoctorFinding[] = []
  await until(code, async () => {
    ;({findings} = await askCli<Diagnosis>(['doctor', lab.topic.full, SUB, ...FAST], ENV))
    return findings[0]?.code === code
  }).catch((error: unknown) => {
    throw new Error(JSON.stringify(findings), {cause: error})
  })
  const [first, ...others] = findings
  assert.deepEqual(
    others.filter(({severity}) => severity === 'error'),
    [],
  )
  assert.ok(first)
  return first
}

for (const type of ['Shared', 'Key_Shared', 'Failover'] as const) {
  test(
    `entries behind an open transaction of a producer, ${type}: open-transactions`,
    live(async (t, place) => {
      const lab = await FaultLab.open(place, null)
      await lab.join({name: 'worker-0', habit: 'ack', type})
      const abort = await openTransaction(t, [lab.topic.full, 'produce', '20'])
      const {evidence, message} = await firstFinding(lab, 'open-transactions')
      assert.match(message, /does not deliver 2[01] entries while 1 transaction of producers is open/)
      assert.ok(evidence.some(({field}) => field === 'readPosition'))
      const {verdict} = await askCli<Explanation>(['why', lab.topic.full, SUB, 'user-5', '--stuck-after', '2s'], ENV)
      assert.equal(verdict.code, 'open-transactions')
      await abort()
      await until('the delivery of the entries', async () => (await lab.stats()).msgBacklog === 0)
      assert.deepEqual((await askCli<Diagnosis>(['doctor', lab.topic.full, SUB, ...FAST], ENV)).findings, [])
    }, stack),
  )
}

test(
  'an entry that an open transaction has acknowledged: read-entries-undelivered',
  live(async (t, place) => {
    const lab = await FaultLab.open(place, null)
    await lab.publish(1, ['user-0'])
    await openTransaction(t, [lab.topic.full, 'acknowledge', SUB])
    const {message, severity} = await firstFinding(lab, 'read-entries-undelivered')
    assert.equal(severity, 'error')
    assert.match(
      message,
      /^1 entry has been read but is neither at a consumer, nor delayed.*: either an open transaction/,
    )
  }, stack),
)

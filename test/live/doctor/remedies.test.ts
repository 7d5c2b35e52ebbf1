import assert from 'node:assert/strict'
import {execFile} from 'node:child_process'
import {test} from 'node:test'
import {promisify} from 'node:util'

import type {SubscriptionStats} from '../../../src/clients/pulsar-admin/types.js'
import type {Diagnosis} from '../../../src/domain/doctor/diagnose.js'
import type {DoctorFinding} from '../../../src/domain/doctor/facts/doctor-finding.js'
import {pausedRate} from '../../../src/domain/migration/pause-rate.js'
import {askCli} from '../../support/shells/cli.js'
import {commandsFolder, pulsarAdminClasspath} from '../../support/shells/pulsar-admin.js'
import {FaultLab, SUB} from '../../support/faults/fault-lab.js'
import {KEYS} from '../../support/faults/fault-load.js'
import {ask, live, type Place, until} from '../../support/servers/live.js'

const classpath = pulsarAdminClasspath()

interface Scenario {
  readonly code: string
  readonly what: string
  readonly partitions: number | null
  readonly args?: readonly string[]
  readonly make: (lab: FaultLab) => Promise<void>
  /** the remedy to run, pasted into a shell */
  readonly remedy: RegExp
  /** what it achieves */
  readonly works: (lab: FaultLab) => Promise<boolean>
}

/** One message per hour. */
const SLOW = {
  dispatchThrottlingRateInMsg: 1,
  dispatchThrottlingRateInByte: -1,
  relativeToPublishRate: false,
  ratePeriodInSecond: 3600,
}

const SCENARIOS: readonly Scenario[] = [
  {
    what: 'a rate of the subscription',
    code: 'dispatch-throttled',
    partitions: 2,
    async make(lab) {
      await lab.place.admin.setSubscriptionDispatchRate(lab.topic, SUB, pausedRate(1))
      await publishToWorker(lab)
    },
    remedy: /topicPolicies remove-subscription-dispatch-rate --subscription /,
    works: isDrained,
  },
  {
    what: 'a subscription dispatch rate of the topic',
    code: 'dispatch-throttled',
    partitions: null,
    async make(lab) {
      await ask(lab.place.addresses, 'POST', pathOf(lab, 'subscriptionDispatchRate'), SLOW)
      await publishToWorker(lab)
    },
    remedy: /topicPolicies remove-subscription-dispatch-rate persistent:/,
    works: isDrained,
  },
  {
    what: 'a dispatch rate of the topic',
    code: 'dispatch-throttled',
    partitions: null,
    async make(lab) {
      await ask(lab.place.addresses, 'POST', pathOf(lab, 'dispatchRate'), SLOW)
      await publishToWorker(lab)
    },
    remedy: /topicPolicies remove-dispatch-rate /,
    works: isDrained,
  },
  {
    what: 'a subscription dispatch rate of the namespace',
    code: 'dispatch-throttled',
    partitions: null,
    async make(lab) {
      await lab.namespacePolicy('subscriptionDispatchRate', SLOW)
      await publishToWorker(lab)
    },
    remedy: /namespaces remove-subscription-dispatch-rate /,
    works: isDrained,
  },
  {
    what: 'a message that its consumer always returns, on a partition',
    code: 'redelivered-over-and-over',
    partitions: 2,
    async make(lab) {
      await lab.join({name: 'worker-0', habit: ({key}) => (key === 'poison' ? 'nack' : 'ack')})
      await lab.publish(1, ['poison'])
    },
    remedy: /topics skip --count 1 --subscription \S+ \S+-partition-\d$/,
    works: isDrained,
  },
  {
    what: 'a backlog that is about to expire',
    code: 'backlog-expires',
    partitions: null,
    args: ['--stuck-after', '1h'],
    async make(lab) {
      await lab.join({name: 'worker-0', habit: 'ignore'})
      await lab.publish(5, KEYS)
      await lab.namespacePolicy('messageTTL', 8)
    },
    remedy: /set-message-ttl --ttl 0 /,
    works: async (lab) => (await ask(lab.place.addresses, 'GET', `${pathOf(lab, 'messageTTL')}?applied=true`)) === 0,
  },
  {
    what: 'a backlog that a quota is about to drop',
    code: 'backlog-evicted',
    partitions: null,
    args: ['--stuck-after', '1h'],
    async make(lab) {
      await lab.join({name: 'worker-0', habit: 'ignore'})
      await lab.publish(50, KEYS)
      await lab.namespacePolicy('backlogQuota', {limitSize: 4000, policy: 'consumer_backlog_eviction'})
    },
    remedy: /set-backlog-quota --limit 4000 --policy producer_request_hold /,
    works: async (lab) =>
      JSON.stringify(await ask(lab.place.addresses, 'GET', `${pathOf(lab, 'backlogQuotaMap')}?applied=true`)).includes(
        'producer_request_hold',
      ),
  },
  {
    what: 'a consumer that does not read',
    code: 'consumer-not-reading',
    partitions: null,
    async make(lab) {
      await lab.join({name: 'worker-0', habit: 'ignore', queue: 5})
      await lab.publish(50, KEYS)
    },
    remedy: /topics unload /,
    works: async (lab) => {
      const {msgOutCounter = 0} = (await statsOf(lab)) ?? {}
      return msgOutCounter > 0 // the topic was loaded again, and delivers again
    },
  },
]

const isSkipped = classpath === null ? 'Maven cannot resolve pulsar-client-tools' : false

for (const {args = [], code, make, partitions, remedy, what, works} of SCENARIOS) {
  test(
    `${what}: the remedies of ${code} work as pasted`,
    {skip: isSkipped},
    live(async (t, place) => {
      const lab = await FaultLab.open(place, partitions)
      await make(lab)
      const finding = await findingOf(lab, code, args)
      const folder = await commandsFolder(t, classpath ?? '', place.addresses.adminUrl)
      const commands = finding.remedies.map(({command}) => command)
      for (const command of commands.filter((one) => one.startsWith('keyshift '))) await paste(place, folder, command)
      const found = commands.find((one) => one.startsWith('pulsar-admin ') && remedy.test(one))
      assert.ok(found, commands.join('\n'))
      await paste(place, folder, found)
      await until(`the effect of ${found}`, () => works(lab))
    }),
  )
}

async function findingOf(lab: FaultLab, code: string, args: readonly string[]): Promise<DoctorFinding> {
  let found: DoctorFinding | undefined
  const limit = args.includes('--stuck-after') ? [] : ['--stuck-after', '2s']
  await until(`the finding ${code}`, async () => {
    const {findings} = await askCli<Diagnosis>(['doctor', lab.topic.full, SUB, '--window', '2s', ...limit, ...args])
    found = findings.find((one) => one.code === code)
    return found !== undefined
  })
  assert.ok(found)
  return found
}

/** Runs a command as a user pastes it. */
async function paste({addresses}: Place, folder: string, command: string): Promise<void> {
  const env = {
    ...process.env,
    PATH: `${folder}:${process.env['PATH'] ?? ''}`,
    KEYSHIFT_ADMIN_URL: addresses.adminUrl,
    KEYSHIFT_REDIS_URL: addresses.redisUrl,
  }
  await promisify(execFile)('bash', ['-c', command], {cwd: folder, env})
}

async function publishToWorker(lab: FaultLab): Promise<void> {
  await lab.join({name: 'worker-0', habit: 'ack'})
  await lab.publish(50, KEYS)
}

async function isDrained(lab: FaultLab): Promise<boolean> {
  return (await statsOf(lab))?.msgBacklog === 0
}

/** Of all partitions together. */
async function statsOf(lab: FaultLab): Promise<SubscriptionStats | undefined> {
  const {admin} = lab.place
  const query = {getPreciseBacklog: true}
  const isPartitioned = (await admin.partitionCount(lab.topic)) > 0
  const stats = isPartitioned
    ? await admin.partitionedStats(lab.topic, query)
    : await admin.topicStats(lab.topic, query)
  return stats.subscriptions?.[SUB]
}

function pathOf({topic: {local, namespace, tenant}}: FaultLab, policy: string): string {
  return `/persistent/${tenant}/${namespace}/${local}/${policy}`
}

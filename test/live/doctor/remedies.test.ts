import assert from 'node:assert/strict'
import {readdir} from 'node:fs/promises'
import {test, type TestContext} from 'node:test'

import type {Diagnosis} from '../../../src/domain/doctor/diagnose.js'
import type {DoctorFinding} from '../../../src/domain/doctor/facts/doctor-finding.js'
import {pausedRate} from '../../../src/domain/migration/pause-rate.js'
import {parseDocument, runCli} from '../../support/shells/cli.js'
import {FaultLab} from '../../support/faults/fault-lab.js'
import {joinSlow, KEYS, makeAckHoles} from '../../support/faults/fault-load.js'
import {REMEDY_RUNS, type Shape, shapeOf} from '../../support/faults/remedy-runs.js'
import {runRemedies, WITHOUT_PULSAR_ADMIN} from '../../support/faults/run-remedies.js'
import {pythonProgram} from '../../support/fleets/programs.js'
import {mayDeliverTwiceOnJoin} from '../../../src/domain/migration/double-delivery.js'
import {ask, brokerVersion, live, until} from '../../support/servers/live.js'

/** Names that run a command wherever a shell sees them unquoted. */
const TOPIC = `it's \`touch ran\` "new"; touch ran; orders`
const SUBSCRIPTION = `-it's $(touch ran) \`touch ran\``

interface Scenario {
  readonly what: string
  readonly code: string
  readonly partitions: number | null
  readonly make: (lab: FaultLab, t: TestContext) => Promise<void>
  readonly args?: readonly string[]
  readonly lock?: string
  readonly skip?: string | false
  /** what the remedies achieve together; the messages are processed, if it is left out */
  readonly works?: (lab: FaultLab, folder: string) => Promise<boolean>
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
      await lab.place.admin.setSubscriptionDispatchRate(lab.topic, lab.subscription, pausedRate(1))
      await publishToWorker(lab)
    },
  },
  {
    what: 'a subscription dispatch rate of the topic',
    code: 'dispatch-throttled',
    partitions: null,
    async make(lab) {
      await ask(lab.place.addresses, 'POST', `${lab.path}/subscriptionDispatchRate`, SLOW)
      await publishToWorker(lab)
    },
  },
  {
    what: 'a dispatch rate of the topic',
    code: 'dispatch-throttled',
    partitions: null,
    async make(lab) {
      await ask(lab.place.addresses, 'POST', `${lab.path}/dispatchRate`, SLOW)
      await publishToWorker(lab)
    },
  },
  {
    what: 'a subscription dispatch rate of the namespace',
    code: 'dispatch-throttled',
    partitions: null,
    async make(lab) {
      await lab.namespacePolicy('subscriptionDispatchRate', SLOW)
      await publishToWorker(lab)
    },
  },
  {
    what: 'a message that its consumer always returns',
    code: 'redelivered-over-and-over',
    partitions: 2,
    async make(lab) {
      await lab.join({name: 'worker-0', habit: ({key}) => (key === 'poison' ? 'nack' : 'ack')})
      await lab.publish(1, ['poison'])
    },
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
    works: async (lab) => (await ask(lab.place.addresses, 'GET', `${lab.path}/messageTTL?applied=true`)) === 0,
  },
  {
    what: 'a backlog that a size quota is about to drop',
    code: 'backlog-evicted',
    partitions: null,
    args: ['--stuck-after', '1h'],
    async make(lab) {
      await lab.join({name: 'worker-0', habit: 'ignore'})
      await lab.publish(50, KEYS)
      await lab.namespacePolicy('backlogQuota', {limitSize: 4000, policy: 'consumer_backlog_eviction'})
    },
    works: (lab) => isHeld(lab, 'destination_storage'),
  },
  {
    what: 'a consumer that does not read',
    code: 'consumer-not-reading',
    partitions: null,
    async make(lab) {
      await lab.join({name: 'worker-0', habit: 'ignore', queue: 5})
      await lab.publish(50, KEYS)
    },
    works: async (lab) => ((await lab.stats()).msgOutCounter ?? 0) > 0, // the topic is loaded again, and delivers again
  },
  {
    what: 'a dispatch rate of the namespace',
    code: 'dispatch-throttled',
    partitions: 2,
    async make(lab) {
      await lab.namespacePolicy('dispatchRate', SLOW)
      await publishToWorker(lab)
    },
  },
  {
    what: 'a backlog that an age quota is about to drop',
    code: 'backlog-evicted',
    partitions: 2,
    args: ['--stuck-after', '1h'],
    async make(lab) {
      await lab.join({name: 'worker-0', habit: 'ignore'})
      await lab.publish(50, KEYS)
      const quota = {limitSize: -1, limitTime: 10, policy: 'consumer_backlog_eviction'}
      await lab.namespacePolicy('backlogQuota?backlogQuotaType=message_age', quota)
    },
    works: (lab) => isHeld(lab, 'message_age'),
  },
  {
    what: 'a lock of a disconnected holder',
    code: 'locked-key',
    partitions: 2,
    lock: "user 7's",
    async make(lab) {
      await lab.join({name: 'worker-0', habit: 'ignore', type: 'Key_Shared'})
      await lab.publish(5, ["user 7's"])
    },
    works: async (lab, folder) => {
      const {keyPrefix, redis} = lab.place
      const isLocked = (await redis.exists(`${keyPrefix}user:user 7's`)) === 1
      return isLocked && (await readdir(folder)).includes('plan.json') // only planned
    },
  },
  {
    what: 'a subscription that a partition does not have',
    code: 'subscription-missing-on-partitions',
    partitions: 2,
    async make(lab) {
      await lab.place.admin.deleteSubscription(lab.partition(1), lab.subscription)
      await lab.join({name: 'worker-0', habit: 'ack', topic: lab.partition(0)})
      await lab.publish(50, KEYS)
    },
    works: async (lab) => {
      const {subscriptions = {}} = await lab.place.admin.topicStats(lab.partition(1))
      return subscriptions[lab.subscription] !== undefined
    },
  },
  ...[
    ['a hot key', `it's-"hot";touch$IFS'ran'`],
    ['a hot key with a space', "it's hot"],
  ].map(([what = '', key = '']): Scenario => ({
    what,
    code: 'hot-key',
    partitions: null,
    async make(lab, t) {
      await joinSlow(lab, t, 'Key_Shared')
      await lab.publish(1000, [key, 'user-1', key, 'user-2'])
    },
    works: () => Promise.resolve(true), // its commands only print
  })),
  {
    what: 'a gap between requested ranges',
    code: 'sticky-ranges-gap',
    partitions: null,
    skip: pythonProgram('sticky.py') === null ? "Python's client cannot be installed here" : false,
    async make(lab, t) {
      await lab.joinSticky(t, 'worker-0', {last: 40_000})
      await lab.publish(100, KEYS)
    },
    works: () => Promise.resolve(true), // its commands only print
  },
  {
    what: 'delivery that ack holes pause',
    code: 'paused-by-ack-holes',
    partitions: null,
    skip: mayDeliverTwiceOnJoin(brokerVersion, 'Key_Shared') ? 'the policy came with 3.3' : false,
    async make(lab) {
      await lab.policy('dispatcherPauseOnAckStatePersistent', true)
      await makeAckHoles(lab, 15, 30_000)
    },
    works: async (lab) => ((await lab.stats()).msgOutCounter ?? 0) >= 30_000,
  },
]

/** The shapes of the commands that ran. */
const ran = new Map<Shape, Set<string>>()

for (const {
  args = [],
  code,
  lock,
  make,
  partitions,
  skip = WITHOUT_PULSAR_ADMIN,
  what,
  works = isDrained,
} of SCENARIOS) {
  test(
    `${what}: the remedies of ${code} work as pasted`,
    {skip},
    live(async (t, place) => {
      const lab = await FaultLab.open(place, partitions, TOPIC, SUBSCRIPTION)
      const {pattern = []} = lock === undefined ? {} : await lab.leaveLock(t, lock)
      await make(lab, t)
      const remedies = (await findingOf(lab, code, [...args, ...pattern])).remedies.map(({command}) => command)
      const folder = await runRemedies(t, lab, remedies)
      for (const shape of remedies.map(shapeOf))
        if (shape !== null) ran.set(shape, (ran.get(shape) ?? new Set()).add(what))
      await until(`the effect of ${remedies.join('; ')}`, () => works(lab, folder))
      assert.ok(!(await readdir(folder)).includes('ran'), 'a name was executed')
    }),
  )
}

test('the scenarios have run each command that remedies can contain', {skip: WITHOUT_PULSAR_ADMIN}, (t) => {
  const skipped = new Set(SCENARIOS.filter(({skip = false}) => skip !== false).map(({what}) => what))
  const missing = Object.entries(REMEDY_RUNS).filter(
    ([shape, what]) => !skipped.has(what) && ran.get(shape)?.has(what) !== true,
  )
  assert.deepEqual(missing, [])
  t.diagnostic([...ran.keys()].toSorted().join('\n'))
})

async function findingOf(lab: FaultLab, code: string, args: readonly string[]): Promise<DoctorFinding> {
  let found: DoctorFinding | undefined
  const limit = args.includes('--stuck-after') ? [] : ['--stuck-after', '2s']
  await until(`the finding ${code}`, async () => {
    const words = ['doctor', '--json', '--window', '2s', ...limit, ...args, '--', lab.topic.full, lab.subscription]
    const {code: exit, stdout} = await runCli(words)
    assert.equal(exit, 0, stdout)
    const {result} = parseDocument<Diagnosis>(stdout)
    found = result.findings.find((one) => one.code === code)
    return found !== undefined
  })
  assert.ok(found)
  return found
}

async function publishToWorker(lab: FaultLab): Promise<void> {
  await lab.join({name: 'worker-0', habit: 'ack'})
  await lab.publish(50, KEYS)
}

async function isDrained(lab: FaultLab): Promise<boolean> {
  return (await lab.stats()).msgBacklog === 0
}

/** Whether the quota of a type blocks producers, and the backlog is still there. */
async function isHeld(lab: FaultLab, type: 'destination_storage' | 'message_age'): Promise<boolean> {
  const quotas = (await ask(lab.place.addresses, 'GET', `${lab.path}/backlogQuotaMap?applied=true`)) as Record<
    string,
    {policy: string} | undefined
  >
  return quotas[type]?.policy === 'producer_request_hold' && (await lab.stats()).msgBacklog === 50
}

import assert from 'node:assert/strict'
import {join} from 'node:path'
import {test} from 'node:test'

import type {MigrationPlan} from '../../../src/domain/migration/plan/plan.js'
import type {TopicName} from '../../../src/topic-name.js'
import {askCli, parseDocument, runCli} from '../../support/shells/cli.js'
import {ask, connectIdle, createTopic, live, type Place, until} from '../../support/servers/live.js'
import {applyArgs, SUBSCRIPTION} from '../../support/reports/migration-runs.js'

async function sharedSubscription(place: Place): Promise<TopicName> {
  const topic = await createTopic(place, {partitions: 2})
  await connectIdle(place, topic, SUBSCRIPTION)
  return topic
}

function planArgs(topic: TopicName, ...options: string[]): string[] {
  return ['migrate', 'plan', topic.full, SUBSCRIPTION, '--to', 'Key_Shared', ...options]
}

const expiryOf = (findings: MigrationPlan['findings']): MigrationPlan['findings'] =>
  findings.filter(({code}) => code === 'expiry')

/** Sets a policy, and waits until it is the one that applies. */
async function setTtl({addresses}: Place, path: string, topic: TopicName, seconds: number): Promise<void> {
  const base = topic.full.replace('persistent://', '/persistent/')
  const isTopic = path === base
  if (isTopic) await ask(addresses, 'POST', `${path}/messageTTL?messageTTL=${String(seconds)}`)
  else await ask(addresses, 'POST', `${path}/messageTTL`, seconds)
  await until(
    'the TTL applying',
    async () => (await ask(addresses, 'GET', `${base}/messageTTL?applied=true`)) === seconds,
  )
}

test(
  "a TTL is the topic's before it is the namespace's: a short one asks to be accepted, and makes an older plan stale",
  live(async (_t, place) => {
    const topic = await sharedSubscription(place)
    const ofTopic = topic.full.replace('persistent://', '/persistent/')
    const before = join(place.folder, 'before.json')
    await askCli<MigrationPlan>(planArgs(topic, '-o', before))

    await setTtl(place, ofTopic, topic, 60)
    const blocked = await runCli([...planArgs(topic), '--json'])
    assert.equal(blocked.code, 3, blocked.stdout)
    const {data} = parseDocument(blocked.stdout).error
    const findings = data['findings'] as MigrationPlan['findings']
    assert.deepEqual(
      findings.map(({code, evidence}) => [code, evidence]),
      [['expiry', [{field: 'messageTTL', value: '60 s'}]]],
    )
    const stale = await runCli([...applyArgs(place, before), '--json'])
    assert.equal(stale.code, 5, stale.stdout)
    assert.deepEqual(parseDocument(stale.stdout).error.data['changes'], [
      {field: 'expiry', planned: 'not found', found: findings[0]?.message},
    ])
    const accepted = await askCli<MigrationPlan>(planArgs(topic, '--accept', 'expiry'))
    assert.deepEqual(
      expiryOf(accepted.findings).map(({code, isAccepted}) => [code, isAccepted]),
      [['expiry', true]],
    )

    await setTtl(place, ofTopic, topic, 0)
    await ask(place.addresses, 'POST', `/namespaces/${place.namespace}/messageTTL`, 30)
    const overruled = await askCli<MigrationPlan>(planArgs(topic))
    assert.deepEqual(expiryOf(overruled.findings), [], 'messages of the topic do not expire')
  }),
)

test(
  'a backlog quota that drops messages is a warning, one that stops producers is not',
  live(async (_t, place) => {
    const topic = await sharedSubscription(place)
    const base = topic.full.replace('persistent://', '/persistent/')
    const quota = async (policy: string): Promise<MigrationPlan['findings']> => {
      await ask(place.addresses, 'POST', `${base}/backlogQuota?backlogQuotaType=destination_storage`, {
        limitSize: 1_000_000,
        limitTime: -1,
        policy,
      })
      await until('the quota being there', async () => {
        const quotas = (await ask(place.addresses, 'GET', `${base}/backlogQuotaMap`)) as Record<
          string,
          {policy: string}
        >
        return quotas['destination_storage']?.policy === policy
      })
      return expiryOf((await askCli<MigrationPlan>(planArgs(topic))).findings)
    }
    assert.deepEqual(await quota('producer_request_hold'), [])
    const [finding, ...others] = await quota('consumer_backlog_eviction')
    assert.deepEqual(others, [])
    assert.equal(finding?.severity, 'warn')
    assert.match(finding.evidence[0]?.value ?? '', /consumer_backlog_eviction above 1000000 bytes/)
  }),
)

import assert from 'node:assert/strict'
import {test} from 'node:test'

import {SubscribeRefused} from '../../../src/clients/pulsar-messages/transport.js'
import {
  applyUntil,
  type TypeChange,
  NEW_SUBSCRIPTION,
  planChange,
  requireMigrated,
  requireExactlyOnce,
  startWhenRefused,
  subscriptionsOf,
} from '../../support/faults/crash.js'
import {ask, live, openWorkload, until} from '../../support/servers/live.js'
import {SUBSCRIPTION} from '../../support/reports/migration-runs.js'

for (const to of ['Key_Shared', 'Failover'] as const) {
  const change: TypeChange = {strategy: 'blue-green', from: 'Shared', to}
  test(
    `a ${to} fleet that retries all the time does not create its subscription, even without a placeholder and with automatic creation allowed`,
    live(async (t, place) => {
      const workload = await openWorkload(t, place, {partitions: 4, from: change.from, to, retryMs: 3})
      await until('some load', () => workload.counts.sentCount > 200)
      const plan = await planChange(place, workload, change)
      const standby = startWhenRefused(place, workload, change)
      // Without the WebSocket service no placeholder reserves the name, and this test allows automatic creation for longer than a run does.
      const withoutPlaceholder = {...place, addresses: {...place.addresses, webSocketUrl: 'ws://127.0.0.1:1'}}
      const run = await applyUntil(t, withoutPlaceholder, plan, {line: 'restrict-types verified', when: 'after'})
      await standby
      const autoCreation = `${workload.topic.full.replace('persistent://', '/persistent/')}/autoSubscriptionCreation`
      await ask(place.addresses, 'POST', autoCreation, {allowAutoSubscriptionCreation: true})
      const one = {subscription: NEW_SUBSCRIPTION, type: to, receiverQueueSize: 5, onMessage: () => undefined}
      for (let tries = 0; tries < 20; tries++) {
        const trying = place.transport.consume({...one, topic: workload.topic, name: 'early'})
        await assert.rejects(trying, SubscribeRefused)
      }
      assert.deepEqual(Object.keys(await subscriptionsOf(place, workload)), [SUBSCRIPTION])
      run.resume()
      const {code, said} = await run.ended
      assert.equal(code, 0, said)
      await until('the fleet', async () => (await standby).connected === 4)
      await requireExactlyOnce(workload)
      assert.equal(said, 'findings: \n', 'the result has no finding')
      await requireMigrated(place, workload, change)
    }),
  )
}

import assert from 'node:assert/strict'
import {test} from 'node:test'

import {
  applyUntil,
  type Journey,
  NEW_SUBSCRIPTION,
  planJourney,
  requireMoved,
  startWhenRefused,
} from '../support/crash.js'
import {ask, live, openScene, until} from '../support/live.js'
import {partitionName} from '../../src/topic-name.js'

const PARTITIONS = 4

for (const to of ['Key_Shared', 'Failover'] as const) {
  const journey: Journey = {strategy: 'blue-green', from: 'Shared', to}
  test(
    `the new subscription is there at the wrong place on one partition when it is to be made, ${to}: nothing is lost, and it is told`,
    live(async (t, place) => {
      const scene = await openScene(t, place, {partitions: PARTITIONS, from: journey.from, to})
      await until('some load', () => scene.tally.sentCount > 200)
      const plan = await planJourney(place, scene, journey)
      const standby = startWhenRefused(place, scene, journey)
      // Without a seat: what a consumer does in the moment when it is given up can be done at leisure.
      const unseated = {...place, addresses: {...place.addresses, webSocketUrl: 'ws://127.0.0.1:1'}}
      const run = await applyUntil(unseated, plan, {line: 'create intent', when: 'after'})
      const sent = scene.tally.sentCount
      await until('messages in the gap', () => scene.tally.sentCount > sent + 100)
      // At the end of the topic, as most clients subscribe: those messages would be passed over.
      const partition = `${scene.topic.full.replace('persistent://', '/persistent/')}-partition-1`
      await ask(place.addresses, 'PUT', `${partition}/subscription/${NEW_SUBSCRIPTION}`)
      const early = await place.transport.consume({
        topic: partitionName(scene.topic, 1),
        subscription: NEW_SUBSCRIPTION,
        type: to,
        name: 'early',
        receiverQueueSize: 5,
        onMessage: () => undefined,
      })
      run.goOn()
      const {code, said} = await run.ended
      await early.close()
      assert.equal(code, 0, said)
      await until('the fleet', async () => (await standby).connected === 4, 60_000)
      const sentThen = scene.tally.sentCount
      await until('load afterwards', () => scene.tally.sentCount > sentThen + 200)
      const figures = await scene.settle()
      t.diagnostic(JSON.stringify(figures))
      assert.equal(figures.lost, 0)
      assert.match(said, /found: came-early 1\n/)
      await requireMoved(place, scene, journey)
    }),
  )
}

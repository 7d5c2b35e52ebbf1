// cspell:ignore über
import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {KeySample} from '../../../src/domain/message-sampling/sample-report.js'
import type {SubscriptionReport} from '../../../src/domain/subscriptions/inspect/subscription-report.js'
import {ask, createTopic, live} from '../../support/servers/live.js'
import {askCli} from '../../support/shells/cli.js'

/** Characters that Java's URLEncoder and encodeURIComponent encode differently, and some that both encode. */
// cspell:ignore über
const NAMES = ['plain', 'orders (eu)', "it's a~b!", 'über*', 'constructor']

test(
  'the cursor of a subscription is found for any name',
  live(async (_, place) => {
    const topic = await createTopic(place, {name: 'names'})
    for (const name of NAMES) await place.admin.createSubscription(topic, name, 'earliest')
    await place.admin.publish(
      topic,
      Array.from({length: 20}, () => 'message'),
    )
    for (const name of NAMES) {
      const path = `/persistent/${place.namespace}/names/subscription/${encodeURIComponent(name)}`
      await ask(place.addresses, 'POST', `${path}/skip/8`)
      const sample = await askCli<KeySample>(['keys', 'sample', topic.full, name])
      const report = await askCli<SubscriptionReport>(['subscriptions', 'inspect', topic.full, name])
      assert.equal(sample.backlogEntries, 12, name)
      assert.match(report.partitions[0]?.cursor?.markDelete ?? '', /^\d+:7$/, name)
    }
  }),
)

import assert from 'node:assert/strict'
import {test} from 'node:test'

import {parseDocument, runCli} from '../../support/shells/cli.js'
import {addresses, closeFirst, live} from '../../support/servers/live.js'
import {HOSTILE_NAME, pasteShell, suggestedIn} from '../../support/shells/pasted.js'

const NO_VARIABLES = {KEYSHIFT_ADMIN_URL: '', KEYSHIFT_REDIS_URL: ''}

test(
  'the pasted commands of an error run keyshift against the same servers, and nothing else',
  live(async (t, {admin, topic}) => {
    const {paste} = await pasteShell(t)
    await admin.createTopic(topic('orders'))
    const orders = topic('orders').full
    const pulsar = ['--admin-url', addresses.adminUrl]
    const redis = ['--redis-url', addresses.redisUrl]
    for (const args of [
      ['subscriptions', 'inspect', orders, HOSTILE_NAME, ...pulsar],
      ['doctor', orders, HOSTILE_NAME, ...pulsar],
      ['keys', 'ranges', orders, HOSTILE_NAME, ...pulsar],
      ['locks', 'inspect', HOSTILE_NAME, ...redis],
      ['migrate', 'status', HOSTILE_NAME, ...pulsar],
    ]) {
      const expected = args.slice(-2)
      const json = await runCli([...args, '--json'], NO_VARIABLES)
      const {error} = parseDocument(json.stdout)
      const suggested = error.next.filter((text) => text.startsWith('keyshift '))
      assert.ok(suggested.length > 0, json.stdout)
      for (const command of suggested) assert.deepEqual((await paste(command)).slice(-2), expected, command)
      const text = await runCli(args, NO_VARIABLES)
      assert.equal(text.code, json.code)
      assert.deepEqual(suggestedIn(text.stderr), suggested, 'text and JSON suggest the same')
    }
  }),
)

test(
  'the text and the JSON of a report suggest the same commands, with the flags of the command line',
  live(async (t, {keyPrefix, redis}) => {
    const {paste} = await pasteShell(t)
    const lock = `${keyPrefix}lock:${HOSTILE_NAME}`
    closeFirst(t, () => redis.del(lock).then(() => undefined))
    await redis.set(lock, 'worker-1:6f0e1c52-0d3b-4a53-9d6f-3e1f6f0a9b11')
    const args = ['locks', 'scan', '--pattern', lock, '--redis-url', addresses.redisUrl]
    const {code, stdout} = await runCli(args, NO_VARIABLES)
    assert.equal(code, 0)
    const suggested = suggestedIn(stdout)
    assert.ok(suggested.length > 0, stdout)
    for (const command of suggested) {
      const words = await paste(command)
      assert.ok(words.includes(lock), command)
      assert.equal(words[words.indexOf('--redis-url') + 1], addresses.redisUrl, command)
    }
  }),
)

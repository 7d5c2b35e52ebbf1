import assert from 'node:assert/strict'
import {test} from 'node:test'

import {EXIT_CODES} from '../../src/cli/exit-codes.js'
import {commandIds, type Failure, parseDocument, requireFailure, runCli} from '../support/shells/cli.js'
import {addresses, connectIdle, createTopic, live, type Place} from '../support/servers/live.js'

const UNREACHABLE = 'http://127.0.0.1:1'

interface Case extends Failure {
  readonly what: string
}

const USAGE: readonly Case[] = [
  {what: 'an unknown flag', args: ['subscriptions', 'list', '--nope'], exit: 2, code: 'E_USAGE', says: /--nope/},
  {
    what: 'an unknown command',
    args: ['subscriptions', 'lst'],
    exit: 2,
    code: 'E_USAGE',
    says: /unknown command lst; did you mean "keyshift subscriptions list"/,
  },
  {what: 'a missing argument', args: ['subscriptions', 'inspect', 'a'], exit: 2, code: 'E_USAGE', says: /subscription/},
  {
    what: 'an unknown flag after several keys',
    args: ['keys', 'owner', 'a', 's', 'k', '--nope'],
    exit: 2,
    code: 'E_USAGE',
    says: /--nope/,
  },
  {
    what: 'a value that is not an option',
    args: ['migrate', 'plan', 'a', 's', '--to', 'Exclusive'],
    exit: 2,
    code: 'E_USAGE',
    says: /Key_Shared/,
  },
  {
    what: 'an invalid topic name',
    args: ['subscriptions', 'inspect', 'a//b', 's'],
    exit: 2,
    code: 'E_TOPIC_NAME',
    says: /a\/\/b/,
  },
  {
    what: 'a topic of an unsupported kind',
    args: ['keys', 'ranges', 'topic://a/b/c', 's'],
    exit: 3,
    code: 'E_TOPIC_UNSUPPORTED',
    says: /topic:\/\//,
  },
  {
    what: 'an invalid address',
    args: ['subscriptions', 'list', '--admin-url', 'host:8080'],
    exit: 2,
    code: 'E_URL',
    says: /host:8080/,
  },
  {
    what: 'a duration without a unit',
    args: ['migrate', 'apply', 'p', '--max-gap', '5'],
    exit: 2,
    code: 'E_USAGE',
    says: /--max-gap: 5 is not a duration; use a number and a unit, such as 500ms/,
  },
  {
    what: 'an invalid Redis address',
    args: ['locks', 'scan', '--redis-url', 'http://u:secret@h'],
    exit: 2,
    code: 'E_REDIS_URL',
    says: /redis:\/\//,
  },
  {
    what: 'a simulation of consumers without names',
    args: ['keys', 'simulate', '--offline', '--version', '4.2', '--consumers', '8'],
    exit: 2,
    code: 'E_NAMES_LIKE',
    says: /because there are no consumer names to continue/,
  },
  {
    what: 'an invalid journal',
    args: ['migrate', 'status', '--journal', 's3://x'],
    exit: 2,
    code: 'E_JOURNAL',
    says: /file:/,
  },
  {
    what: 'a migration that is not there',
    args: ['migrate', 'status', 'm1', '--journal', 'file:/nonexistent'],
    exit: 4,
    code: 'E_MIGRATION_NOT_FOUND',
    says: /m1/,
  },
]

for (const {what, ...rest} of USAGE) test(`${what}: exit ${String(rest.exit)}`, () => requireFailure(rest))

const EVERY_READER: ReadonlyArray<readonly string[]> = [
  ['subscriptions', 'list'],
  ['subscriptions', 'inspect', 'a', 's'],
  ['keys', 'ranges', 'a', 's'],
  ['keys', 'owner', 'a', 's', 'k'],
  ['backlog', 'show', 'a', 's'],
  ['migrate', 'plan', 'a', 's', '--to', 'Key_Shared'],
]

for (const args of EVERY_READER) {
  test(`${args.slice(0, 2).join(' ')} without a broker: exit 4, with the address and the next command`, () =>
    requireFailure({
      args: [...args, '--admin-url', UNREACHABLE],
      exit: 4,
      code: 'E_BROKER_UNREACHABLE',
      says: /cannot reach broker at http:\/\/127\.0\.0\.1:1: connection refused \(GET /,
    }))
}

test('locks scan without a Redis: exit 4', () =>
  requireFailure({
    args: ['locks', 'scan', '--redis-url', 'redis://127.0.0.1:1'],
    exit: 4,
    code: 'E_REDIS_UNREACHABLE',
    says: /cannot reach Redis at .*: connection refused/,
  }))

test(
  'a missing topic, subscription or namespace: exit 4, with the most similar names',
  live(async (_t, place: Place) => {
    await place.admin.createPartitionedTopic(place.topic('orders'), 2)
    await place.admin.createSubscription(place.topic('orders'), 'decision', 'earliest')
    const missing = {exit: 4, code: 'E_TOPIC_NOT_FOUND'}
    const inspect = (topic: string, subscription: string): string[] => ['subscriptions', 'inspect', topic, subscription]
    await requireFailure({
      ...missing,
      args: inspect(place.topic('order').full, 'decision'),
      says: /did you mean \S*\/orders\b/,
    })
    await requireFailure({
      ...missing,
      args: inspect(`${place.namespace}-not/orders`, 'decision'),
      says: /does not exist/,
    })
    await requireFailure({
      args: ['subscriptions', 'list', `${place.namespace}-not`],
      exit: 4,
      code: 'E_NAMESPACE_NOT_FOUND',
      says: /namespace \S+-not does not exist/,
    })
    const args = inspect(place.topic('orders').full, 'decisions')
    await requireFailure({
      args,
      exit: 4,
      code: 'E_SUBSCRIPTION_NOT_FOUND',
      says: /no subscription decisions; did you mean decision\?/,
    })
  }),
)

test(
  'a command that changes something needs --yes without a terminal: exit 2, and nothing is changed',
  live(async (_t, place) => {
    const topic = await createTopic(place)
    await connectIdle(place, topic, 's')
    const plan = `${place.folder}/plan.json`
    assert.equal((await runCli(['migrate', 'plan', topic.full, 's', '--to', 'Key_Shared', '-o', plan])).code, 0)
    await requireFailure({args: ['migrate', 'apply', plan], exit: 2, code: 'E_CONFIRM', says: /--yes/})
    assert.equal(await place.admin.subscriptionTypes(topic), null)
  }),
)

test(
  'a plan file that cannot be written: exit 2, with an error',
  live(async (_t, place) => {
    const topic = await createTopic(place)
    await connectIdle(place, topic, 's')
    const args = ['migrate', 'plan', topic.full, 's', '--to', 'Key_Shared', '-o', `${place.folder}/no/plan.json`]
    await requireFailure({args, exit: 2, code: 'E_PLAN_FILE', says: /cannot be written \(ENOENT\)/})
  }),
)

test('help exit-codes prints the table of exit codes', async () => {
  const run = await runCli(['help', 'exit-codes'])
  for (const {code, meaning} of EXIT_CODES)
    assert.match(run.stdout, new RegExp(`^ *${String(code)} .*${meaning.replaceAll(/[()]/g, String.raw`\$&`)}$`, 'm'))
})

test('every command has help with an example, and takes --json', async () => {
  for (const id of await commandIds()) {
    const help = await runCli([...id.split(':'), '--help'])
    assert.equal(help.code, 0)
    assert.match(help.stdout, /^EXAMPLES$/m, id)
    assert.match(help.stdout, /^ +--json /m, id)
  }
})

test('the addresses can come from the environment', async () => {
  const run = await runCli(['subscriptions', 'list', 'public/default', '--json'], {
    KEYSHIFT_ADMIN_URL: addresses.adminUrl,
  })
  assert.equal(run.code, 0)
  assert.equal(run.stderr, '')
  assert.equal(parseDocument(run.stdout).schema, 'keyshift.subscriptions.list/v1')
})

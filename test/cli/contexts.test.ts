import assert from 'node:assert/strict'
import {mkdir, readFile, stat, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {test, type TestContext} from 'node:test'

import type {SettingsReport} from '../../src/cli/connection/context-report.js'
import type {ContextList} from '../../src/commands/context/list.js'
import {askCli, parseDocument, requireFailure, runCli} from '../support/shells/cli.js'
import {temporaryFolder} from '../support/shells/folder.js'
import {addresses, closeFirst, live} from '../support/servers/live.js'

interface Home {
  readonly env: Record<string, string>
  readonly file: string
}

/** A home folder for one test; its variables set no addresses. */
async function home(t: TestContext): Promise<Home> {
  const folder = await temporaryFolder(t)
  const nothing = {KEYSHIFT_ADMIN_URL: '', KEYSHIFT_REDIS_URL: ''}
  return {
    env: {XDG_CONFIG_HOME: folder, XDG_CACHE_HOME: folder, HOME: folder, ...nothing},
    file: join(folder, 'keyshift', 'contexts.yaml'),
  }
}

test('contexts are added, listed, switched, shown and removed; only the owner can read the file, and its comments are kept', async (t) => {
  const {env, file} = await home(t)
  const names = async (): Promise<string[]> =>
    (await askCli<ContextList>(['context', 'list'], env)).contexts.map(
      ({isCurrent, name}) => `${isCurrent ? '*' : ''}${name}`,
    )
  assert.deepEqual(await names(), [])
  const add = ['context', 'add', 'prod', '--admin-url', 'https://prod:8443', '--token-env', 'PROD_TOKEN', '--protected']
  await requireFailure({exit: 2, code: 'E_CONFIRM', says: /confirmation required but .*; pass --yes/, args: add, env})
  await assert.rejects(stat(file), 'nothing is written before it is confirmed')
  await askCli([...add, '--yes'], env)
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  await askCli(['context', 'add', 'local', '--admin-url', 'http://localhost:8080', '--yes'], env)
  assert.deepEqual(await names(), ['local', '*prod'])
  await requireFailure({
    exit: 5,
    code: 'E_CONTEXT_EXISTS',
    says: /already contains prod/,
    args: [...add, '--yes'],
    env,
  })
  await writeFile(file, `${await readFile(file, 'utf8')}# of ours\n`)
  await askCli(['context', 'use', 'local'], env)
  assert.deepEqual(await names(), ['*local', 'prod'])
  assert.match(await readFile(file, 'utf8'), /# of ours/)
  await requireFailure({
    exit: 2,
    code: 'E_CONTEXT',
    says: /defined contexts: local, prod/,
    args: ['context', 'use', 'x'],
    env,
  })
  await askCli(['context', 'remove', 'local', '--yes'], env)
  assert.deepEqual(await names(), ['prod'])
  await requireFailure({
    exit: 2,
    code: 'E_CONTEXT',
    says: /no context x/,
    args: ['subscriptions', 'list', '--context', 'x'],
    env,
  })
})

const PULSARCTL = `
contexts: {dev: {admin-service-url: "http://dev:8080"}, local: {admin-service-url: "http://local:8080"}}
current-context: local
`

test('an import switches to the current context of the other tool only without a current context, and reports it', async (t) => {
  const {env, file} = await home(t)
  const config = join(file, '..', 'pulsarctl')
  await mkdir(join(file, '..'), {recursive: true})
  await writeFile(config, PULSARCTL)
  const words = ['context', 'import', '--from', 'pulsarctl', '--file', config, '--yes']
  assert.match((await runCli(words, env)).stdout, /Imported dev, local into .*Switched to context local\./)
  await askCli(['context', 'use', 'dev'], env)
  assert.match((await runCli([...words, '--replace'], env)).stdout, /The current context is still dev\./)
  assert.match((await runCli([...words, '--replace', '--use'], env)).stdout, /Switched to context local \(was dev\)\./)
  await writeFile(config, PULSARCTL.replace('current-context: local', ''))
  await requireFailure({
    exit: 2,
    code: 'E_CONTEXT_CURRENT',
    says: /--use needs one context, but 2 contexts/,
    args: [...words, '--replace', '--use'],
    env,
  })
})

test('an import of several contexts without a current one makes none current', async (t) => {
  const {env, file} = await home(t)
  const config = join(file, '..', 'pulsarctl')
  await mkdir(join(file, '..'), {recursive: true})
  await writeFile(config, PULSARCTL.replace('current-context: local', ''))
  const run = await runCli(['context', 'import', '--from', 'pulsarctl', '--file', config, '--yes'], env)
  assert.match(run.stdout, /No context is current\. Choose one with: keyshift context use NAME/)
})

test('context show reports the origin of each value', async (t) => {
  const {env} = await home(t)
  const redis = ['--redis-url', 'redis://ops@prod:6379', '--redis-password-file', '/run/redis']
  await askCli(['context', 'add', 'prod', '--admin-url', 'https://prod:8443', ...redis, '--yes'], env)
  const {context, pulsar} = await askCli<SettingsReport>(['context', 'show', '--admin-url', 'http://other:1'], {
    ...env,
    KEYSHIFT_TOKEN: 'eyJ.hunter2.x',
  })
  assert.equal(context?.value, 'prod')
  assert.deepEqual(pulsar.adminUrl, {value: 'http://other:1', source: '--admin-url'})
  assert.deepEqual(pulsar.login, {
    value: 'a token from the environment variable KEYSHIFT_TOKEN',
    source: 'KEYSHIFT_TOKEN',
  })
  const text = await runCli(['context', 'show', 'prod'], env)
  assert.match(text.stdout, /Redis password +the file \/run\/redis \(context prod\)/)
})

test('an invalid context file is refused with the reason, and never quoted', async (t) => {
  const {env, file} = await home(t)
  await mkdir(join(file, '..'), {recursive: true})
  for (const [text, says] of [
    ['contexts: [hunter2', /line \d+ is not valid YAML/],
    ['contexts: {prod: {adminURL: http://hunter2}}', /additional properties/],
    ['contexts: {prod: {login: {token: hunter2}}}', /must/],
  ] as const) {
    await writeFile(file, text)
    const run = await runCli(['context', 'list', '--json'], env)
    const {error} = parseDocument(run.stdout)
    assert.deepEqual([run.code, error.code], [2, 'E_CONTEXT_FILE'])
    assert.match(error.message, says)
    assert.ok(!`${run.stdout}${run.stderr}`.includes('hunter2'))
  }
})

test(
  'a command uses the addresses and the namespace of its context; a protected context asks for its name',
  live(async (t, {admin, namespace, topic, transport}) => {
    const {env, file} = await home(t)
    await admin.createTopic(topic('orders'))
    await admin.createSubscription(topic('orders'), 'decision', 'earliest')
    const options = {topic: topic('orders'), subscription: 'decision', type: 'Shared', name: 'a'} as const
    const consumer = await transport.consume({...options, receiverQueueSize: 10, onMessage: () => undefined})
    closeFirst(t, () => consumer.close())
    const where = ['--admin-url', addresses.adminUrl, '--redis-url', addresses.redisUrl, '--namespace', namespace]
    await askCli(['context', 'add', 'here', ...where, '--protected', '--yes'], env)
    const report = await askCli<{topic: string}>(['subscriptions', 'inspect', 'orders', 'decision'], env)
    assert.equal(report.topic, topic('orders').full)
    const list = await askCli<{subscriptions: ReadonlyArray<{topic: string}>}>(
      ['subscriptions', 'list', '--fresh'],
      env,
    )
    assert.deepEqual(
      list.subscriptions.map((row) => row.topic),
      [topic('orders').full],
    )
    const redis = await askCli<{complete: boolean}>(['locks', 'scan', '--pattern', 'none:*'], env)
    assert.equal(redis.complete, true)
    const plan = join(file, '..', 'plan.json')
    await askCli(['migrate', 'plan', 'orders', 'decision', '--to', 'Key_Shared', '-o', plan], env)
    const apply = ['migrate', 'apply', plan, '--yes', '--json']
    const refused = await runCli(apply, env)
    const {error} = parseDocument(refused.stdout)
    assert.deepEqual([refused.code, error.code, error.next], [2, 'E_PROTECTED', ['add --confirm-context here']])
    const wrong = await runCli([...apply, '--confirm-context', 'there'], env)
    assert.equal(parseDocument(wrong.stdout).error.code, 'E_PROTECTED')
  }),
)

// Runs alone: a completion times out after one second, and the test measures it.
import assert from 'node:assert/strict'
import {once} from 'node:events'
import {mkdir, readdir, stat, utimes, writeFile} from 'node:fs/promises'
import {type AddressInfo, createServer} from 'node:net'
import {join} from 'node:path'
import {test, type TestContext} from 'node:test'

import {runCli} from '../../support/shells/cli.js'
import {addresses, ask, live, type Place} from '../../support/servers/live.js'
import {brokerBehind} from '../../support/servers/proxy.js'
import {askBash, askFish, askZsh, isThere, withKeyshift} from '../../support/shells/shells.js'

/** The values that are offered at the end of a line; fails on any other output. */
async function offered(words: readonly string[], env: Record<string, string>): Promise<string[]> {
  const run = await runCli(['complete', '--', ...words], env)
  assert.equal(run.code, 0)
  assert.equal(run.stderr, '')
  return run.stdout.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')[0] ?? '']))
}

/** A folder for the cache and contexts of one test, and the broker's address. */
function homeOf(place: Place, adminUrl: string = addresses.adminUrl): Record<string, string> {
  return {KEYSHIFT_ADMIN_URL: adminUrl, XDG_CACHE_HOME: place.folder, XDG_CONFIG_HOME: place.folder}
}

function cacheOf(place: Place): string {
  return join(place.folder, 'keyshift', 'completion')
}

/** A broker that counts its requests. */
async function counting(t: TestContext): Promise<{url: string; asked: string[]}> {
  const asked: string[] = []
  const refuse = (path: string): null => {
    asked.push(path)
    return null
  }
  return {asked, url: await brokerBehind(t, addresses.adminUrl, {refuse})}
}

async function seed(place: Place): Promise<void> {
  await place.admin.createPartitionedTopic(place.topic('orders'), 3)
  await place.admin.createTopic(place.topic('returns'))
  await place.admin.createSubscription(place.topic('orders'), 'decision', 'earliest')
  await place.admin.createSubscription(place.topic('orders'), 'audit:all', 'earliest')
}

test(
  'topics and subscriptions are completed with one request to the broker',
  live(async (t, place) => {
    await seed(place)
    const {asked, url} = await counting(t)
    const env = homeOf(place, url)
    const topics = ['orders', 'returns'].map((name) => place.topic(name).full)
    const typed = `persistent://${place.namespace}/`
    for (let time = 0; time < 2; time++) {
      assert.deepEqual(await offered(['keys', 'ranges', typed], env), topics)
      assert.deepEqual(await offered(['keys', 'ranges', place.topic('orders').full, ''], env), [
        'audit:all',
        'decision',
      ])
      assert.equal(asked.length, 2)
    }
  }),
)

test(
  'tenants and namespaces are completed, and plain names in the namespace of the context',
  live(async (_t, place) => {
    await seed(place)
    const env = {...homeOf(place), KEYSHIFT_NAMESPACE: place.namespace}
    assert.ok((await offered(['doctor', ''], env)).includes('public/'))
    assert.deepEqual(await offered(['doctor', place.namespace.slice(0, -1)], env), [`${place.namespace}/`])
    assert.deepEqual(await offered(['doctor', 'ord'], env), ['orders'])
    assert.deepEqual(await offered(['doctor', 'orders', 'd'], env), ['decision'])
    assert.deepEqual(await offered(['subscriptions', 'list', place.namespace], env), [place.namespace])
  }),
)

test(
  'migrations are completed from their journals',
  live(async (_t, place) => {
    await place.admin.createTopic(place.topic('__keyshift-journal-20261123-140509-3fa9'))
    const words = ['migrate', 'status', '--namespace', place.namespace, '']
    assert.deepEqual(await offered(words, homeOf(place)), ['20261123-140509-3fa9'])
  }),
)

test(
  'completing a missing topic does not create it',
  live(async (_t, place) => {
    assert.deepEqual(await offered(['why', place.topic('none').full, ''], homeOf(place)), [])
    assert.deepEqual(await ask(addresses, 'GET', `/persistent/${place.namespace}`), [])
  }),
)

test(
  'only the owner can read the cache; it separates clusters and logins, and removes old names',
  live(async (t, place) => {
    await seed(place)
    const {asked, url} = await counting(t)
    const words = ['keys', 'ranges', `persistent://${place.namespace}/`]
    const asWhom = [
      homeOf(place, url),
      homeOf(place, `${url}/`),
      {...homeOf(place, url), KEYSHIFT_TOKEN: 'mine'},
      {...homeOf(place, url), KEYSHIFT_TOKEN: 'yours'},
      {...homeOf(place, url), KEYSHIFT_BASIC_USERNAME: 'me', KEYSHIFT_BASIC_PASSWORD: 'x'},
    ]
    for (const env of asWhom) await offered(words, env)
    assert.equal(asked.length, asWhom.length)
    const files = await readdir(cacheOf(place))
    assert.equal(files.length, asWhom.length)
    for (const file of files) {
      const path = join(cacheOf(place), file)
      assert.equal((await stat(path)).mode & 0o777, 0o600)
      await utimes(path, new Date(), new Date(Date.now() - 31_000))
    }
    await offered(words, homeOf(place, url))
    assert.equal(asked.length, asWhom.length + 1, 'names that are 31 s old are requested again')
    assert.equal((await readdir(cacheOf(place))).length, 1)
  }),
)

test(
  'names come from the context of the command line',
  live(async (_t, place) => {
    await seed(place)
    const env = {XDG_CACHE_HOME: place.folder, XDG_CONFIG_HOME: place.folder}
    const add = ['context', 'add', 'here', '--admin-url', addresses.adminUrl, '--namespace', place.namespace, '--yes']
    const away = ['context', 'add', 'away', '--admin-url', 'http://127.0.0.1:1', '--use', '--yes']
    for (const args of [add, away]) assert.equal((await runCli(args, env)).code, 0)
    assert.deepEqual(await offered(['why', '--context', ''], env), ['away', 'here'])
    assert.deepEqual(await offered(['why', '--context', 'here', 'ord'], env), ['orders'])
    assert.deepEqual(await offered(['why', '--context=away', 'ord'], env), [])
    assert.deepEqual(await offered(['why', 'ord'], {...env, KEYSHIFT_CONTEXT: 'here'}), ['orders'])
    assert.deepEqual(await offered(['why', 'ord'], env), [])
  }),
)

const SILENT: ReadonlyArray<readonly [what: string, env: Record<string, string>]> = [
  ['a broker that is not running', {KEYSHIFT_ADMIN_URL: 'http://127.0.0.1:1'}],
  ['an invalid address', {KEYSHIFT_ADMIN_URL: 'nonsense'}],
  ['a missing context', {KEYSHIFT_CONTEXT: 'missing'}],
  ['half a login', {KEYSHIFT_OAUTH2_KEY_FILE: '/nonexistent'}],
  ['a token that is not there', {KEYSHIFT_TOKEN_FILE: '/nonexistent'}],
]

for (const [what, env] of SILENT) {
  test(
    `${what}: nothing is offered, and nothing said`,
    live(async (_t, place) => {
      assert.deepEqual(await offered(['why', ''], {...homeOf(place), ...env}), [])
    }),
  )
}

test(
  'with an invalid context file, commands are offered and names are not',
  live(async (_t, place) => {
    await mkdir(join(place.folder, 'keyshift'))
    await writeFile(join(place.folder, 'keyshift', 'contexts.yaml'), 'contexts: [')
    for (const words of [
      ['why', ''],
      ['why', '--context', ''],
      ['context', 'use', ''],
    ]) {
      assert.deepEqual(await offered(words, homeOf(place)), [])
    }
    assert.deepEqual(await offered(['context', 'us'], homeOf(place)), ['use'])
  }),
)

test(
  'without the permission, nothing is offered and nothing is cached',
  live(async (t, place) => {
    const refuse = (): {status: number; body: string} => ({status: 403, body: '{"reason":"no"}'})
    const url = await brokerBehind(t, addresses.adminUrl, {refuse})
    assert.deepEqual(await offered(['why', ''], homeOf(place, url)), [])
    await assert.rejects(readdir(cacheOf(place)))
  }),
)

test(
  'a broker or a login that hangs is given up after 1 s',
  live(async (t, place) => {
    const server = createServer(() => undefined).listen(0, '127.0.0.1')
    t.after(() => server.close())
    await once(server, 'listening')
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
    const timed = async (env: Record<string, string>): Promise<number> => {
      const began = performance.now()
      assert.deepEqual(await offered(['why', ''], env), [])
      return performance.now() - began
    }
    for (const env of [homeOf(place, url), {...homeOf(place), KEYSHIFT_TOKEN_COMMAND: 'sleep 5'}]) {
      // A refused connection shows how long the command takes on this machine without any wait.
      const refusedMs = await timed(homeOf(place, 'http://127.0.0.1:1'))
      const tookMs = await timed(env)
      assert.ok(tookMs < 2 * refusedMs + 1000, `took ${String(tookMs)} ms, refused ${String(refusedMs)} ms`)
    }
  }),
)

/** Names that a shell would execute if a script evaluated them. */
const NASTY = 'x$(touch pwned)'

test(
  'bash completes names with colons, flags with = and files, and executes no name',
  live(async (_t, place) => {
    await seed(place)
    await place.admin.createSubscription(place.topic('orders'), NASTY, 'earliest')
    const env = await withKeyshift(place.folder, homeOf(place))
    const full = place.topic('orders').full
    const [scheme = '', rest = ''] = full.split(/:(.*)/)
    const words = ['keyshift', 'why', scheme, ':', rest]
    assert.deepEqual(await askBash(words.with(4, rest.slice(0, -3)), `keyshift why ${full.slice(0, -3)}`, env), [rest])
    assert.deepEqual(await askBash([...words, 'audit', ':'], `keyshift why ${full} audit:`, env), ['all'])
    assert.deepEqual(await askBash([...words, 'x'], `keyshift why ${full} x`, env), ['x\\$\\(touch\\ pwned\\)'])
    assert.deepEqual(await askBash([...words, '$(touch pwned)', ''], `keyshift why ${full} $(touch pwned) `, env), [])
    const quoted = ['keyshift', 'why', `"${full.slice(0, -3)}`]
    assert.deepEqual(await askBash(quoted, quoted.join(' '), env), [full])
    const flag = ['keyshift', 'subscriptions', 'list', '--output', '=', 'c']
    assert.deepEqual(await askBash(flag, 'keyshift subscriptions list --output=c', env), ['csv'])
    const file = ['keyshift', 'doctor', '--families', `${place.folder}/b`]
    assert.deepEqual(await askBash(file, file.join(' '), env), [`${place.folder}/bin`])
    await assert.rejects(stat('pwned'))
  }),
)

test(
  'fish: names, flags with =, files',
  {skip: isThere('fish') ? false : 'there is no fish here'},
  live(async (_t, place) => {
    await seed(place)
    await place.admin.createSubscription(place.topic('orders'), NASTY, 'earliest')
    const env = await withKeyshift(place.folder, homeOf(place))
    const {full} = place.topic('orders')
    assert.deepEqual(await askFish(`keyshift why ${full.slice(0, -3)}`, env), [full])
    assert.deepEqual(await askFish(`keyshift why ${full} au`, env), ['audit:all'])
    assert.deepEqual(await askFish(`keyshift why ${full} x`, env), [NASTY])
    assert.deepEqual(await askFish('keyshift subscriptions list --output=c', env), ['--output=csv'])
    assert.deepEqual(await askFish(`keyshift doctor --families=${place.folder}/b`, env), [
      `--families=${place.folder}/bin/`,
    ])
  }),
)

test(
  'zsh: names, flags with =, files, and what must not run',
  {skip: isThere('zsh') ? false : 'there is no zsh here'},
  live(async (_t, place) => {
    await seed(place)
    await place.admin.createSubscription(place.topic('orders'), NASTY, 'earliest')
    const env = await withKeyshift(place.folder, homeOf(place))
    const {full} = place.topic('orders')
    const lines = [
      [`keyshift why ${full.slice(0, -3)}`, `keyshift why ${full} `],
      [`keyshift why ${place.namespace.slice(0, -2)}`, `keyshift why ${place.namespace}/`],
      [`keyshift why ${full} au`, `keyshift why ${full} audit:all `],
      [`keyshift why ${full} x`, `keyshift why ${full} x\\$\\(touch\\ pwned\\) `],
      ['keyshift subscriptions list --output=cs', 'keyshift subscriptions list --output=csv '],
      [`keyshift doctor --families=${place.folder}/bi`, `keyshift doctor --families=${place.folder}/bin/`],
    ] as const
    for (const [typed, whole] of lines) assert.equal(await askZsh(typed, place.folder, env), whole)
  }),
)

import assert from 'node:assert/strict'
import {mkdir, writeFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {test, type TestContext} from 'node:test'

import {withFoundSettings} from '../../../../src/cli/connection/other-tools.js'
import {Blocked, type KeyshiftError, Unreachable} from '../../../../src/errors.js'
import {temporaryFolder} from '../../../support/shells/folder.js'

const REFUSED = new Unreachable('E_BROKER_UNREACHABLE', 'cannot reach broker', {next: ['curl x']})
const DEFAULT = {value: 'http://localhost:8080', source: 'default'}
const PULSARCTL = `
auth-info: {local: {token: hunter2}}
contexts: {dev: {admin-service-url: "http://dev:8080"}, local: {admin-service-url: "http://local:8080"}}
current-context: local
`

type Files = Readonly<Record<string, string>>

/** The next steps of an error at the default address, in a home folder with these files. */
async function nextOf(t: TestContext, files: Files, env: Record<string, string> = {}): Promise<readonly string[]> {
  const home = await temporaryFolder(t)
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(home, path)), {recursive: true})
    await writeFile(join(home, path), text)
  }
  const inHome = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value.replace('HOME', home)]))
  const error: KeyshiftError = await withFoundSettings(REFUSED, DEFAULT, {env: inHome, home})
  assert.equal(error.code, REFUSED.code)
  assert.match(error.message, /cannot reach broker; this is the default address, because no context/)
  assert.ok(!JSON.stringify([error.message, error.data, error.next]).includes('hunter2'))
  return error.next.map((step) => step.replaceAll(home, 'HOME'))
}

const ADD = 'keyshift context add NAME --admin-url http://HOST:8080'

test('without settings of other tools, the error suggests a context', async (t) => {
  assert.deepEqual(await nextOf(t, {}), ['curl x', ADD])
})

test('the current context of pulsarctl is offered', async (t) => {
  const [first] = await nextOf(t, {'.config/pulsar/config': PULSARCTL})
  assert.equal(first, 'found pulsarctl context local: keyshift context import --from pulsarctl')
})

test('of several contexts of pulsarctl without a current one, none is offered', async (t) => {
  const text = PULSARCTL.replace('current-context: local', '')
  assert.deepEqual(await nextOf(t, {'.config/pulsar/config': text}), ['curl x', ADD])
})

test('the client.conf of PULSAR_CLIENT_CONF is offered before that of PULSAR_HOME', async (t) => {
  const files = {'a.conf': 'webServiceUrl=http://a:8080', 'pulsar/conf/client.conf': 'webServiceUrl=http://b:8080'}
  const line = (path: string): string =>
    `found HOME/${path}: keyshift context import --from client.conf --file HOME/${path}`
  const env = {PULSAR_HOME: 'HOME/pulsar', PULSAR_CLIENT_CONF: 'HOME/a.conf'}
  assert.equal((await nextOf(t, files, env))[0], line('a.conf'))
  assert.equal((await nextOf(t, files, {PULSAR_HOME: 'HOME/pulsar'}))[0], line('pulsar/conf/client.conf'))
})

for (const [env, names] of [
  [{webServiceUrl: 'http://a:8080'}, 'webServiceUrl'],
  [{PULSAR_ADMIN_URL: 'http://a:8080'}, 'PULSAR_ADMIN_URL'],
  [{PULSAR_SERVICE_URL: 'pulsar://a:6650'}, 'PULSAR_SERVICE_URL'],
  [
    {PULSAR_WEB_SERVICE_URL: 'https://a', PULSAR_SERVICE_URL: 'pulsar://a:6650'},
    'PULSAR_WEB_SERVICE_URL and PULSAR_SERVICE_URL',
  ],
] as const) {
  test(`the address in ${names} is offered`, async (t) => {
    const [first] = await nextOf(t, {}, env)
    assert.equal(first, `found ${names}: keyshift context import --from env`)
  })
}

test('an error without a relation to the address is unchanged', async () => {
  const error = new Blocked('E_TOPIC_UNSUPPORTED', 'x')
  assert.equal(await withFoundSettings(error, DEFAULT, {env: {}, home: '/nonexistent'}), error)
})

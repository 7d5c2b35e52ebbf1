import assert from 'node:assert/strict'
import {randomBytes} from 'node:crypto'
import {readdir, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {after, before, test, type TestContext} from 'node:test'

import type {SubscriptionList} from '../../../src/domain/subscriptions/list/subscription-row.js'
import {askCli, parseDocument, runCli} from '../../support/shells/cli.js'
import {temporaryFolder} from '../../support/shells/folder.js'
import {until} from '../../support/servers/live.js'
import {contextHome, type Env, forwardFrom, refusal} from '../../support/servers/login-runs.js'
import {SecuredStack} from '../../support/servers/secured-stack.js'

const stack = await SecuredStack.up()
after(() => stack.down())
const {addresses, certificates} = stack
const NAMESPACE = `public/t-${randomBytes(6).toString('hex')}`
const TOPIC = `persistent://${NAMESPACE}/orders`
const SUB = 'decision'
before(async () => {
  await stack.createNamespace(NAMESPACE)
  await stack.createSubscription(TOPIC, SUB)
  await stack.publish(TOPIC, 'user-1')
})

const PLAIN: Env = {KEYSHIFT_ADMIN_URL: addresses.adminUrl, KEYSHIFT_REDIS_URL: ''}
const TLS: Env = {
  KEYSHIFT_ADMIN_URL: addresses.adminTlsUrl,
  KEYSHIFT_TLS_CA_FILE: certificates.authority,
  KEYSHIFT_REDIS_URL: '',
}

/** Environment variables for every kind of login of the superuser or the guest. */
async function logins(t: TestContext, user: 'admin' | 'guest'): Promise<Array<[name: string, env: Env, says: RegExp]>> {
  const folder = await temporaryFolder(t)
  const [file, pair] = [join(folder, 'token'), certificates[user]]
  await writeFile(file, `${stack.token(user)}\n`)
  const KEYSHIFT_OAUTH2_KEY_FILE = stack.oauth2KeyFile(user)
  const oauth2 = {KEYSHIFT_OAUTH2_ISSUER_URL: addresses.issuerUrl, KEYSHIFT_OAUTH2_AUDIENCE: addresses.audience}
  return [
    ['a token', {...PLAIN, KEYSHIFT_TOKEN: stack.token(user)}, /a token of ".*" from the environment variable/],
    ['a token by TLS', {...TLS, KEYSHIFT_TOKEN: stack.token(user)}, /a token of ".*" from the environment variable/],
    ['a file', {...PLAIN, KEYSHIFT_TOKEN_FILE: file}, /a token of ".*" from the file /],
    ['a command', {...PLAIN, KEYSHIFT_TOKEN_COMMAND: `cat ${file}`}, /a token of ".*" from the command cat/],
    [
      'a password',
      {...PLAIN, KEYSHIFT_BASIC_USERNAME: user, KEYSHIFT_BASIC_PASSWORD: await stack.password(user)},
      /user ".*" with the password from the environment variable KEYSHIFT_BASIC_PASSWORD/,
    ],
    [
      'OAuth2',
      {...PLAIN, KEYSHIFT_OAUTH2_KEY_FILE, ...oauth2, XDG_CACHE_HOME: folder},
      /a token of ".*" from the OAuth2 server http/,
    ],
    [
      'a certificate',
      {...TLS, KEYSHIFT_TLS_CERT_FILE: pair.certificate, KEYSHIFT_TLS_KEY_FILE: pair.key},
      /certificate /,
    ],
  ]
}

const LIST = ['subscriptions', 'list', NAMESPACE]

test('with the permission, each login lists everything', async (t) => {
  for (const [name, env] of await logins(t, 'admin')) {
    const {complete, subscriptions} = await askCli<SubscriptionList>(LIST, env)
    assert.deepEqual([name, complete, subscriptions.map(({topic}) => topic)], [name, true, [TOPIC]])
  }
})

test('without the permission, each login gets exit 4, with the login, its source and the missing permission', async (t) => {
  for (const [name, env, says] of await logins(t, 'guest')) {
    const {code, data, message, next} = await refusal(['subscriptions', 'inspect', TOPIC, SUB], env)
    assert.equal(code, 'E_NOT_ALLOWED', name)
    assert.match(message, says)
    assert.equal(data['needs'], `produce or consume on ${NAMESPACE}`)
    assert.match(next.join(), /grant-permission .* --actions consume/)
  }
})

test('with the granted permissions the list is made topic by topic, and a plan reports the missing permission', async () => {
  const env = {...PLAIN, KEYSHIFT_TOKEN: stack.token('reader')}
  await stack.grant(NAMESPACE, 'reader', ['consume'])
  await until('the permission taking effect', async () => (await runCli(LIST, env)).code === 0)
  const {source, subscriptions} = await askCli<SubscriptionList>(LIST, env)
  assert.deepEqual([source, subscriptions.length], ['topic-stats', 1])
  await askCli(['subscriptions', 'inspect', TOPIC, SUB], env)
  await askCli(['backlog', 'show', TOPIC, SUB, '--window', '1s'], env)
  const {data} = await refusal(['subscriptions', 'list', 'public'], env)
  assert.equal(data['needs'], 'admin of tenant public')
})

test('wrong, expired and missing logins: exit 4, with the login and its source', async (t) => {
  const folder = await temporaryFolder(t)
  const over = join(folder, 'over')
  await writeFile(over, stack.token('admin', {expiresInS: -60}))
  const {key} = certificates.admin
  const stranger = certificates.stranger
  const cases: Array<[string, Env, code: string, says: RegExp]> = [
    ['none', PLAIN, 'E_LOGIN_REFUSED', /sent with no login/],
    [
      'a token of another key',
      {...PLAIN, KEYSHIFT_TOKEN: stack.token('admin', {wrongKey: true})},
      'E_LOGIN_REFUSED',
      /sent with a token of "admin" from the environment variable KEYSHIFT_TOKEN/,
    ],
    [
      'an expired token',
      {...PLAIN, KEYSHIFT_TOKEN_FILE: over},
      'E_TOKEN_EXPIRED',
      /from the file .*over expired at 20/,
    ],
    ['a missing file', {...PLAIN, KEYSHIFT_TOKEN_FILE: `${over}-not`}, 'E_SECRET', /over-not: ENOENT/],
    [
      'a wrong password',
      {...PLAIN, KEYSHIFT_BASIC_USERNAME: 'admin', KEYSHIFT_BASIC_PASSWORD: 'wrong'},
      'E_LOGIN_REFUSED',
      /user "admin" with the password from the environment variable/,
    ],
    ['no password', {...PLAIN, KEYSHIFT_BASIC_USERNAME: 'admin'}, 'E_SECRET', /KEYSHIFT_BASIC_PASSWORD: it is not set/],
    [
      'a token for something else',
      {...PLAIN, ...oauth2Env('admin', folder), KEYSHIFT_OAUTH2_AUDIENCE: 'urn:keyshift:other'},
      'E_LOGIN_REFUSED',
      /from the OAuth2 server/,
    ],
    [
      'an OAuth2 server that is not running',
      {...PLAIN, ...oauth2Env('admin', folder), KEYSHIFT_OAUTH2_ISSUER_URL: 'http://127.0.0.1:2'},
      'E_OAUTH2',
      /127.0.0.1:2 issued no token to client "admin": .*ECONNREFUSED/,
    ],
    ['no authority', {...TLS, KEYSHIFT_TLS_CA_FILE: ''}, 'E_BROKER_TLS', /SELF_SIGNED|UNABLE_TO/],
    ['another authority', {...TLS, KEYSHIFT_TLS_CA_FILE: certificates.otherAuthority}, 'E_BROKER_TLS', /UNABLE_TO/],
    [
      'a stranger’s certificate',
      {...TLS, KEYSHIFT_TLS_CERT_FILE: stranger.certificate, KEYSHIFT_TLS_KEY_FILE: stranger.key},
      'E_BROKER_TLS',
      /CERTIFICATE/,
    ],
  ]
  for (const [name, env, code, says] of cases) {
    const error = await refusal(LIST, env)
    assert.equal(error.code, code, name)
    assert.match(error.message, says, name)
  }
  const alone = await runCli([...LIST, '--json'], {...TLS, KEYSHIFT_TLS_KEY_FILE: key})
  assert.deepEqual([alone.code, parseDocument(alone.stdout).error.code], [2, 'E_TLS_FILE'])
})

test('a wrong OAuth2 client secret: the error of the server, and never the secret', async (t) => {
  const folder = await temporaryFolder(t)
  const key = JSON.parse(await readFile(stack.oauth2KeyFile('admin'), 'utf8')) as Record<string, string>
  const file = join(folder, 'key.json')
  await writeFile(file, JSON.stringify({...key, client_secret: 'hunter2-hunter2'}))
  const {code, message} = await refusal(LIST, {...PLAIN, ...oauth2Env('admin', folder), KEYSHIFT_OAUTH2_KEY_FILE: file})
  assert.equal(code, 'E_OAUTH2')
  assert.match(message, /issued no token to client "admin": invalid_client/)
  assert.doesNotMatch(message, /hunter2/)
})

test('OAuth2: commands reuse a token, and a new one is requested before it expires', async (t) => {
  const folder = await temporaryFolder(t)
  const tokens = async (): Promise<string[]> => {
    const cache = join(folder, 'keyshift', 'tokens')
    return Promise.all((await readdir(cache)).map((name) => readFile(join(cache, name), 'utf8')))
  }
  const env = {...PLAIN, ...oauth2Env('admin', folder)}
  await askCli(LIST, env)
  const first = await tokens()
  await askCli(LIST, env)
  assert.equal(first.length, 1)
  assert.deepEqual(await tokens(), first)

  await stack.grant(NAMESPACE, 'brief', ['consume'])
  const brief = {...PLAIN, ...oauth2Env('brief', folder)}
  await until('the permission taking effect', async () => (await runCli(LIST, brief)).code === 0)
  // Longer than the lifetime of its tokens.
  await askCli(['backlog', 'show', TOPIC, SUB, '--window', '5s'], brief)
})

test('a token that a broker rejects is read again', async (t) => {
  const folder = await temporaryFolder(t)
  await writeFile(join(folder, 'bad'), stack.token('admin', {wrongKey: true}))
  await writeFile(join(folder, 'good'), stack.token('admin'))
  const KEYSHIFT_TOKEN_COMMAND = `cd ${folder}; if [ -e bad ]; then cat bad; rm bad; else cat good; fi`
  await askCli(LIST, {...PLAIN, KEYSHIFT_TOKEN_COMMAND})
})

test('--insecure skips certificate verification, and prints a warning each time', async () => {
  const env = {...TLS, KEYSHIFT_TLS_CA_FILE: '', KEYSHIFT_TOKEN: stack.token('admin')}
  for (const more of [[], ['--json']]) {
    const run = await runCli([...LIST, '--insecure', ...more], env)
    assert.equal(run.code, 0, run.stderr)
    assert.match(run.stderr, /TLS certificates are not verified \(--insecure\)/)
  }
})

test('a certificate for another host name is refused, unless the context disables the check', async (t) => {
  const {env, use} = await contextHome(t)
  const elsewhere = await forwardFrom(t, '127.0.0.2', addresses.adminTlsUrl)
  const where = ['--admin-url', elsewhere, '--tls-ca-file', certificates.authority, '--token-env', 'SECRET_TOKEN']
  await askCli(['context', 'add', 'x', ...where, '--yes'], env)
  const secret = {...env, SECRET_TOKEN: stack.token('admin')}
  const {code, message} = await refusal(LIST, secret)
  assert.deepEqual([code, message.includes('ALTNAME')], ['E_BROKER_TLS', true])
  await use((text) => text.replace('caFile', 'checkHostname: false\n      caFile'))
  await askCli(LIST, secret)
})

test('WebSockets use the same login: a token, or a certificate with TLS', async () => {
  const sample = ['keys', 'sample', TOPIC, SUB, '--source', 'websocket', '--time-limit', '2s']
  const KEYSHIFT_TOKEN = stack.token('admin')
  const {certificate, key} = certificates.admin
  for (const env of [
    {...PLAIN, KEYSHIFT_TOKEN},
    {...TLS, KEYSHIFT_TOKEN},
    {...TLS, KEYSHIFT_TLS_CERT_FILE: certificate, KEYSHIFT_TLS_KEY_FILE: key},
  ]) {
    const {source} = await askCli<{source: string}>(sample, env)
    assert.equal(source, 'websocket')
  }
})

test('the imported contexts of pulsarctl and client.conf log in', async (t) => {
  const {env, folder} = await contextHome(t)
  const ctl = join(folder, 'config')
  await writeFile(
    ctl,
    `auth-info:
  secured:
    locationoforigin: ${ctl}
    tls_trust_certs_file_path: ${certificates.authority}
    tls_allow_insecure_connection: false
    token: ${stack.token('admin')}
    tokenFile: ""
    issuer_endpoint: ""
    client_id: ""
    audience: ""
    scope: ""
    key_file: ""
  cloud:
    tls_trust_certs_file_path: ""
    tls_allow_insecure_connection: false
    token: ""
    tokenFile: ""
    issuer_endpoint: ${addresses.issuerUrl}
    client_id: admin
    audience: ${addresses.audience}
    scope: ""
    key_file: file://${stack.oauth2KeyFile('admin')}
contexts:
  secured:
    admin-service-url: ${addresses.adminTlsUrl}
    bookie-service-url: http://localhost:8083
  cloud:
    admin-service-url: ${addresses.adminUrl}
    bookie-service-url: ""
current-context: secured
`,
  )
  await askCli(['context', 'import', '--from', 'pulsarctl', '--file', ctl, '--yes'], env)
  for (const name of ['secured', 'cloud']) await askCli([...LIST, '--context', name], env)

  const plugin = 'org.apache.pulsar.client.impl.auth'
  const {certificate, key} = certificates.admin
  const oauth2 = JSON.stringify({
    type: 'client_credentials',
    issuerUrl: addresses.issuerUrl,
    privateKey: `file://${stack.oauth2KeyFile('admin')}`,
    audience: addresses.audience,
  })
  for (const [name, lines] of Object.entries({
    token: [`authPlugin=${plugin}.AuthenticationToken`, `authParams=token:${stack.token('admin')}`],
    tls: [`authPlugin=${plugin}.AuthenticationTls`, `authParams=tlsCertFile:${certificate},tlsKeyFile:${key}`],
    basic: [
      `authPlugin=${plugin}.AuthenticationBasic`,
      `authParams={"userId":"admin","password":"${await stack.password('admin')}"}`,
    ],
    oauth2: [`authPlugin=${plugin}.oauth2.AuthenticationOAuth2`, `authParams=${oauth2}`],
  })) {
    const conf = join(folder, `${name}.conf`)
    const head = [
      '# Licensed to the ASF',
      `webServiceUrl=${addresses.adminTlsUrl}`,
      `brokerServiceUrl=${addresses.serviceTlsUrl}`,
      'tlsAllowInsecureConnection=false',
      'tlsEnableHostnameVerification=true',
      `tlsTrustCertsFilePath=${certificates.authority}`,
      'useKeyStoreTls=false',
    ]
    await writeFile(conf, [...head, ...lines].join('\n'))
    const from = {...env, PULSAR_CLIENT_CONF: conf}
    await askCli(['context', 'import', '--from', 'client.conf', '--name', name, '--yes'], from)
    await askCli([...LIST, '--context', name], env)
  }
  await refusal([...LIST, '--context', 'token', '--insecure'], {...env, KEYSHIFT_TOKEN: 'x'})
})

function oauth2Env(client: 'admin' | 'brief', cache: string): Env {
  return {
    KEYSHIFT_OAUTH2_KEY_FILE: stack.oauth2KeyFile(client),
    KEYSHIFT_OAUTH2_ISSUER_URL: addresses.issuerUrl,
    KEYSHIFT_OAUTH2_AUDIENCE: addresses.audience,
    XDG_CACHE_HOME: cache,
  }
}

import assert from 'node:assert/strict'
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {test, type TestContext} from 'node:test'

import {importClientConf, importClientEnv} from '../../../../src/clients/contexts/client-conf.js'
import type {Context} from '../../../../src/clients/contexts/context.js'
import {importPulsarctl} from '../../../../src/clients/contexts/pulsarctl.js'
import {secretFrom} from '../../../../src/clients/login/secret.js'
import {temporaryFolder} from '../../../support/shells/folder.js'

async function file(t: TestContext, text: string): Promise<string> {
  const path = join(await temporaryFolder(t), 'file')
  await writeFile(path, text)
  return path
}

async function conf(t: TestContext, lines: readonly string[]): Promise<Context> {
  return (await importClientConf(await file(t, lines.join('\n')), 'prod')).context
}

/** The secret that an imported login references. */
function secretOf({login}: Context): Promise<string> {
  assert.ok(login)
  if ('token' in login) return secretFrom(login.token, {}).read()
  assert.ok('basic' in login)
  return secretFrom(login.basic.password, {}).read()
}

test("pulsarctl: each context with its login; tokens stay in pulsarctl's file", async (t) => {
  const path = await file(
    t,
    `
auth-info:
  prod:
    locationoforigin: /root/.config/pulsar/config
    tls_trust_certs_file_path: /ca.pem
    tls_allow_insecure_connection: false
    token: eyJ.secret.x
    tokenFile: ""
    issuer_endpoint: ""
  cloud/a:
    tls_allow_insecure_connection: true
    token: ""
    tokenFile: ""
    issuer_endpoint: https://auth.example/
    client_id: c
    audience: urn:sn:pulsar
    scope: ""
    key_file: file:///keys/key.json
  filed:
    tokenFile: /run/token
contexts:
  prod:
    admin-service-url: https://prod:8443
    bookie-service-url: http://prod:8083
  cloud/a:
    admin-service-url: https://cloud
  filed:
    admin-service-url: http://f:8080
  bare:
    admin-service-url: http://localhost:8080
    bookie-service-url: ""
current-context: prod
`,
  )
  const found = Object.fromEntries((await importPulsarctl(path)).map(({context, name}) => [name, context]))
  assert.deepEqual(found, {
    prod: {
      adminUrl: 'https://prod:8443',
      login: {token: {file: path, field: '/auth-info/prod/token'}},
      tls: {caFile: '/ca.pem'},
    },
    'cloud/a': {
      adminUrl: 'https://cloud',
      login: {oauth2: {issuerUrl: 'https://auth.example/', keyFile: '/keys/key.json', audience: 'urn:sn:pulsar'}},
      tls: {insecure: true},
    },
    filed: {adminUrl: 'http://f:8080', login: {token: {file: '/run/token'}}},
    bare: {adminUrl: 'http://localhost:8080'},
  })
  const [prod] = Object.values(found)
  assert.ok(prod)
  assert.equal(await secretOf(prod), 'eyJ.secret.x')
})

test('pulsarctl: another kind of file is refused, and not quoted', async (t) => {
  const broken = await file(t, 'contexts: [hunter2')
  await assert.rejects(importPulsarctl(broken), (error) => !String(error).includes('hunter2'))
  await assert.rejects(importPulsarctl(await file(t, 'a: b')), {code: 'E_IMPORT'})
  await assert.rejects(importPulsarctl('/nowhere/config'), {code: 'E_IMPORT'})
})

const PLUGIN = 'authPlugin=org.apache.pulsar.client.impl.auth.'

test('client.conf: addresses and TLS', async (t) => {
  const context = await conf(t, [
    'webServiceUrl=https://a:8443,b:8443/',
    'brokerServiceUrl=pulsar+ssl://a:6651',
    'authPlugin=',
    'authParams=',
    'tlsTrustCertsFilePath=/ca.pem',
    'tlsAllowInsecureConnection=false',
    'tlsEnableHostnameVerification=false',
  ])
  assert.deepEqual(context, {
    adminUrl: 'https://a:8443',
    serviceUrl: 'pulsar+ssl://a:6651',
    tls: {caFile: '/ca.pem', checkHostname: false},
  })
})

for (const [params, secret] of [
  ['token:eyJ.a.b', 'eyJ.a.b'],
  ['{"token":"eyJ.a.b"}', 'eyJ.a.b'],
  ['eyJ.a.b', 'eyJ.a.b'],
] as const) {
  test(`client.conf: a token as ${params}`, async (t) => {
    const context = await conf(t, [
      'webServiceUrl=http://a:8080',
      `${PLUGIN}AuthenticationToken`,
      `authParams=${params}`,
    ])
    assert.equal(await secretOf(context), secret)
    assert.ok(!JSON.stringify(context).includes(secret), 'the secret stays in the other file')
  })
}

test('client.conf: a token in a file, a user, a certificate, an OAuth2 client', async (t) => {
  const login = async (plugin: string, params: string): Promise<Context> =>
    conf(t, ['webServiceUrl=http://a', `${PLUGIN}${plugin}`, `authParams=${params}`])
  assert.deepEqual((await login('AuthenticationToken', 'file:///run/token')).login, {token: {file: '/run/token'}})
  const basic = await login('AuthenticationBasic', '{"userId":"ann","password":"p:w"}')
  assert.equal(await secretOf(basic), 'p:w')
  assert.equal(basic.login && 'basic' in basic.login && basic.login.basic.username, 'ann')
  const tls = await login('AuthenticationTls', 'tlsCertFile:/c.pem,tlsKeyFile:/k.pem')
  assert.deepEqual([tls.login, tls.tls], [undefined, {certFile: '/c.pem', keyFile: '/k.pem'}])
  const params = {type: 'client_credentials', issuerUrl: 'https://i', privateKey: 'file:///k.json', audience: 'a'}
  assert.deepEqual((await login('oauth2.AuthenticationOAuth2', JSON.stringify(params))).login, {
    oauth2: {issuerUrl: 'https://i', keyFile: '/k.json', audience: 'a'},
  })
})

test('client.conf: unsupported settings are named', async (t) => {
  const one = (lines: readonly string[]): Promise<Context> => conf(t, lines)
  await assert.rejects(one(['a=b']), {code: 'E_IMPORT', message: /neither webServiceUrl nor serviceUrl/})
  await assert.rejects(one(['webServiceUrl=http://a', `${PLUGIN}AuthenticationSasl`]), {
    code: 'E_IMPORT',
    message: /AuthenticationSasl/,
  })
  const inline = `authParams={"issuerUrl":"https://i","privateKey":"data:application/json;base64,aHVudGVyMg=="}`
  await assert.rejects(one(['webServiceUrl=http://a', `${PLUGIN}oauth2.AuthenticationOAuth2`, inline]), (error) => {
    assert.ok(error instanceof Error && !error.message.includes('aHVudGVyMg'))
    return true
  })
})

test('the same settings as variables', async () => {
  const env = {
    webServiceUrl: 'http://a:8080',
    authPlugin: 'org.apache.pulsar.client.impl.auth.AuthenticationToken',
    authParams: 'token:eyJ.a.b',
  }
  const {context, name} = importClientEnv(env, 'here')
  assert.deepEqual(
    [name, context],
    ['here', {adminUrl: 'http://a:8080', login: {token: {env: 'authParams', field: 'token'}}}],
  )
  assert.ok(context.login && 'token' in context.login)
  assert.equal(await secretFrom(context.login.token, env).read(), 'eyJ.a.b')
})

test('PULSAR_ variables: addresses and a token', () => {
  const env = {PULSAR_ADMIN_URL: 'http://a:8080', PULSAR_SERVICE_URL: 'pulsar://a:6650', PULSAR_TOKEN: 'eyJ.a.b'}
  const {context, notes, variables} = importClientEnv(env, 'here')
  assert.deepEqual(context, {
    adminUrl: 'http://a:8080',
    serviceUrl: 'pulsar://a:6650',
    login: {token: {env: 'PULSAR_TOKEN'}},
  })
  assert.deepEqual([notes, variables], [[], ['PULSAR_ADMIN_URL', 'PULSAR_SERVICE_URL']])
})

test('PULSAR_ variables: the admin URL is derived from the service URL, with a note', () => {
  const {context, notes} = importClientEnv({PULSAR_SERVICE_URL: 'pulsar+ssl://a:6651'}, 'here')
  assert.deepEqual(context, {adminUrl: 'https://a:8443', serviceUrl: 'pulsar+ssl://a:6651'})
  assert.deepEqual(notes, ['the admin URL https://a:8443 is derived from PULSAR_SERVICE_URL with the default port'])
  assert.throws(() => importClientEnv({PULSAR_HOME: '/opt/pulsar'}, 'here'), {code: 'E_IMPORT'})
})

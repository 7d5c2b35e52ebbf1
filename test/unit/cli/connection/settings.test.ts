import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {Context} from '../../../../src/clients/contexts/context.js'
import {type Addresses} from '../../../../src/cli/connection/default-addresses.js'
import {newContext} from '../../../../src/cli/flags/context-flags.js'
import {resolveSettings, type Settings} from '../../../../src/cli/connection/settings.js'
import {KeyshiftError} from '../../../../src/errors.js'

const ADDRESSES: Addresses = {
  adminUrl: 'http://stack:8080',
  serviceUrl: 'pulsar://stack:6650',
  webSocketUrl: 'ws://stack:8080',
  redisUrl: 'redis://stack:6379',
}
const PROD: Context = {
  adminUrl: 'https://prod:8443',
  login: {token: {file: '/run/token'}},
  tls: {caFile: '/ca.pem', checkHostname: false},
  redis: {password: {env: 'RP'}},
  namespace: 'acme/orders',
  protected: true,
}

interface Said {
  readonly flags?: Record<string, unknown>
  readonly env?: Record<string, string>
  readonly context?: Context
}

function settings({context, env = {}, flags = {}}: Said): Settings {
  return resolveSettings({
    flags,
    isOnCommandLine: (flag) => flag in flags,
    env,
    context: context === undefined ? null : {name: 'prod', source: '--context', values: context},
    addresses: {value: ADDRESSES, source: 'default'},
  })
}

test('without settings: the default addresses, no login, no protection', () => {
  const {adminUrl, context, isProtected, login, redisUrl, webSocketUrl} = settings({})
  assert.deepEqual(
    [adminUrl?.value, webSocketUrl?.value, redisUrl?.source],
    ['http://stack:8080', 'ws://stack:8080', 'default'],
  )
  assert.deepEqual([context, login, isProtected], [null, null, false])
})

test('an address that a context lacks is derived from its admin URL or unknown, never that of another cluster', () => {
  const {adminUrl, isProtected, login, namespace, redisPassword, redisUrl, serviceUrl, tls, webSocketUrl} = settings({
    context: PROD,
  })
  assert.deepEqual(adminUrl, {value: 'https://prod:8443', source: 'context prod'})
  assert.equal(serviceUrl?.value, 'pulsar+ssl://prod:6651')
  assert.deepEqual(webSocketUrl, {value: 'wss://prod:8443', source: 'derived from the admin URL, context prod'})
  assert.equal(redisUrl, null)
  assert.deepEqual(login, {value: {token: {file: '/run/token'}}, source: 'context prod'})
  assert.deepEqual([tls.caFile?.value, tls.certFile, tls.checksHostname?.value], ['/ca.pem', null, false])
  assert.deepEqual([namespace?.value, redisPassword?.value, isProtected], ['acme/orders', {env: 'RP'}, true])
})

test('flags and variables override a context, and are reported as the source', () => {
  const said = settings({
    context: PROD,
    flags: {'admin-url': 'http://here:1', insecure: true},
    env: {KEYSHIFT_REDIS_URL: 'redis://r', KEYSHIFT_TLS_CA_FILE: '/other.pem', KEYSHIFT_NAMESPACE: 'a/b'},
  })
  assert.deepEqual(said.adminUrl, {value: 'http://here:1', source: '--admin-url'})
  assert.deepEqual([said.serviceUrl?.value, said.webSocketUrl?.value], ['pulsar://here:6650', 'ws://here:1'])
  assert.deepEqual(said.redisUrl, {value: 'redis://r', source: 'KEYSHIFT_REDIS_URL'})
  assert.deepEqual(said.tls.caFile, {value: '/other.pem', source: 'KEYSHIFT_TLS_CA_FILE'})
  assert.deepEqual(said.tls.isInsecure, {value: true, source: '--insecure'})
  assert.equal(said.namespace?.source, 'KEYSHIFT_NAMESPACE')
})

test('a namespace that is not tenant/namespace is refused with its source', () => {
  assert.throws(() => settings({env: {KEYSHIFT_NAMESPACE: 'orders'}}), {
    code: 'E_NAMESPACE',
    message: 'KEYSHIFT_NAMESPACE: orders is not tenant/namespace',
  })
  assert.throws(() => settings({context: {...PROD, namespace: 'orders'}}), {code: 'E_NAMESPACE'})
})

test('a login comes from the flag, otherwise the variables in their order, otherwise the context', () => {
  const login = (said: Said): unknown => settings({context: PROD, ...said}).login
  const env = {KEYSHIFT_TOKEN: 'abc', KEYSHIFT_TOKEN_FILE: '/f'}
  assert.deepEqual(login({env}), {value: {token: {env: 'KEYSHIFT_TOKEN'}}, source: 'KEYSHIFT_TOKEN'})
  assert.deepEqual(login({env, flags: {'token-file': '/x'}}), {value: {token: {file: '/x'}}, source: '--token-file'})
  assert.deepEqual(login({env: {KEYSHIFT_BASIC_USERNAME: 'ann'}}), {
    value: {basic: {username: 'ann', password: {env: 'KEYSHIFT_BASIC_PASSWORD'}}},
    source: 'KEYSHIFT_BASIC_USERNAME',
  })
  assert.deepEqual(
    login({
      env: {KEYSHIFT_OAUTH2_KEY_FILE: '/k', KEYSHIFT_OAUTH2_ISSUER_URL: 'https://i', KEYSHIFT_OAUTH2_AUDIENCE: 'a'},
    }),
    {value: {oauth2: {issuerUrl: 'https://i', keyFile: '/k', audience: 'a'}}, source: 'KEYSHIFT_OAUTH2_KEY_FILE'},
  )
  assert.throws(() => login({env: {KEYSHIFT_OAUTH2_KEY_FILE: '/k'}}), {code: 'E_LOGIN'})
})

test('a new context: flags become its fields, and paths become absolute', () => {
  assert.deepEqual(
    newContext({
      'admin-url': 'https://prod:8443',
      'token-file': 'token',
      'tls-ca-file': '/ca.pem',
      'redis-url': 'rediss://ops@r:6379',
      'redis-password-command': 'pass redis',
      protected: true,
    }),
    {
      adminUrl: 'https://prod:8443',
      login: {token: {file: `${process.cwd()}/token`}},
      tls: {caFile: '/ca.pem'},
      redis: {url: 'rediss://ops@r:6379', password: {command: 'pass redis'}},
      protected: true,
    },
  )
  assert.deepEqual(newContext({username: 'ann', 'password-env': 'PW'}), {
    login: {basic: {username: 'ann', password: {env: 'PW'}}},
  })
})

for (const [flags, code] of [
  [{username: 'ann'}, 'E_LOGIN'],
  [{'password-env': 'PW'}, 'E_LOGIN'],
  [{'oauth2-issuer-url': 'https://i'}, 'E_LOGIN'],
  [{'token-env': 'T', username: 'ann', 'password-env': 'PW'}, 'E_LOGIN'],
  [{'redis-url': 'redis://ann:hunter2@h'}, 'E_URL'],
  [{'redis-url': 'redis://:hunter2@h'}, 'E_URL'],
  [{'admin-url': 'https://ann:hunter2@h'}, 'E_URL'],
  [{namespace: 'orders'}, 'E_NAMESPACE'],
] as const) {
  test(`a new context of ${Object.keys(flags).join(' and ')} is refused`, () => {
    assert.throws(
      () => newContext(flags),
      (error) => error instanceof KeyshiftError && error.code === code && !JSON.stringify(error).includes('hunter2'),
    )
  })
}

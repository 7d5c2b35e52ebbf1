import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {test} from 'node:test'

import {demoEnvironment} from '../../demo/environment.mjs'
import type {SettingsReport} from '../../src/cli/connection/context-report.js'
import {askCli, BIN, parseDocument} from '../support/shells/cli.js'
import {temporaryFolder} from '../support/shells/folder.js'

const STACK = {
  adminUrl: 'http://127.0.0.1:18080',
  serviceUrl: 'pulsar://127.0.0.1:16650',
  webSocketUrl: 'ws://127.0.0.1:18080',
  redisUrl: 'redis://127.0.0.1:16379',
}

test('the demo connects to its own stack whatever variables and contexts the shell has', async (t) => {
  const folder = await temporaryFolder(t)
  const add = ['context', 'add', 'prod', '--admin-url', 'http://production:8080', '--token-env', 'PROD_TOKEN', '--yes']
  await askCli(add, {XDG_CONFIG_HOME: folder})
  const hostile = {
    PATH: process.env['PATH'],
    PROD_TOKEN: 'secret',
    XDG_CONFIG_HOME: folder,
    KEYSHIFT_ADMIN_URL: 'http://production:8080',
    KEYSHIFT_CONTEXT: 'prod',
    KEYSHIFT_NAMESPACE: 'shop/production',
    KEYSHIFT_REDIS_URL: 'redis://production:6379',
    KEYSHIFT_REDIS_PASSWORD: 'secret',
    KEYSHIFT_TLS_CA_FILE: '/production/ca.pem',
    KEYSHIFT_TOKEN: 'secret',
  }
  assert.match(JSON.stringify(shownWith(hostile)), /production/, 'the variables do redirect commands')
  const {context, pulsar, redis} = shownWith(demoEnvironment(hostile, STACK))
  assert.deepEqual(
    [pulsar.adminUrl?.value, pulsar.serviceUrl?.value, pulsar.webSocketUrl?.value, redis.url?.value],
    [STACK.adminUrl, STACK.serviceUrl, STACK.webSocketUrl, STACK.redisUrl],
  )
  assert.deepEqual([context, pulsar.login, pulsar.tls.caFile, redis.password], [null, null, null, null])
})

/** The addresses that a command would use with this environment and no other variables. */
function shownWith(env: NodeJS.ProcessEnv): SettingsReport {
  const {stdout} = spawnSync(process.execPath, [BIN, 'context', 'show', '--json'], {env, encoding: 'utf8'})
  return parseDocument<SettingsReport>(stdout).result
}

import assert from 'node:assert/strict'
import {once} from 'node:events'
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http'
import type {AddressInfo} from 'node:net'
import {test, type TestContext} from 'node:test'
import {setTimeout as delay} from 'node:timers/promises'
import {gzipSync} from 'node:zlib'

import {PulsarAdmin} from '../../../src/clients/pulsar-admin/admin.js'
import {tokenCredentials} from '../../support/servers/tokens.js'

const TOPICS = '{"a/b":{"all":{"persistent":{"persistent://a/b/c":{}'
const END = '}}}}'
const TIMEOUT_MS = 300

type Handler = (response: ServerResponse, request: IncomingMessage) => void

/** A broker for one test, and the requests that it gets. */
async function brokerThat(t: TestContext, handler: Handler): Promise<{url: string; admin: PulsarAdmin}> {
  const server = createServer((request, response) => {
    handler(response, request)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  const admin = new PulsarAdmin({url, credentials: tokenCredentials('jwt'), timeoutMs: TIMEOUT_MS})
  t.after(async () => {
    await admin.close()
    server.closeAllConnections()
    server.close()
  })
  return {url, admin}
}

async function names(admin: PulsarAdmin, onTopics?: () => Promise<void>): Promise<string[]> {
  const found: string[] = []
  for await (const topics of await admin.brokerTopics()) {
    found.push(...topics.map(({name}) => name))
    await onTopics?.()
  }
  return found
}

const WHOLE = ['persistent://a/b/c']

test('a streamed answer may be compressed, and the connection is reused', async (t) => {
  const sockets = new Set<unknown>()
  const {admin} = await brokerThat(t, (response, {headers, socket}) => {
    sockets.add(socket)
    assert.equal(headers['accept-encoding'], 'gzip')
    response.writeHead(200, {'content-encoding': 'gzip'}).end(gzipSync(TOPICS + END))
  })
  assert.deepEqual(await names(admin), WHOLE)
  assert.deepEqual(await names(admin), WHOLE)
  assert.equal(sockets.size, 1)
})

test('a stream is redirected with the login, and only to the same scheme', async (t) => {
  const {url} = await brokerThat(t, (response, {headers, url: path}) => {
    assert.equal(headers.authorization, 'Bearer jwt')
    assert.equal(path, '/admin/v2/broker-stats/topics?authoritative=true')
    response.end(TOPICS + END)
  })
  const first = await brokerThat(t, (response, {url: path}) =>
    response.writeHead(307, {location: `${url}${String(path)}?authoritative=true`}).end(),
  )
  assert.deepEqual(await names(first.admin), WHOLE)
  const other = await brokerThat(t, (response) =>
    response.writeHead(307, {location: 'https://elsewhere.example/'}).end(),
  )
  await assert.rejects(names(other.admin), {code: 'E_REDIRECT_REFUSED'})
})

test('a stream is retried until it starts, and not afterwards', async (t) => {
  let asked = 0
  const {admin} = await brokerThat(t, (response) => {
    asked++
    if (asked === 1) response.writeHead(503).end('busy')
    else if (asked === 2) response.destroy()
    else if (asked === 3) response.end(TOPICS + END)
    else response.write(TOPICS, () => response.destroy())
  })
  assert.deepEqual(await names(admin), WHOLE)
  assert.equal(asked, 3)
  await assert.rejects(names(admin), {
    code: 'E_BROKER_UNREACHABLE',
    data: {cause: 'ECONNRESET', url: `${admin.url}/admin/v2/broker-stats/topics`},
  })
  assert.equal(asked, 4)
})

test("a refusal has the broker's own message", async (t) => {
  const {admin} = await brokerThat(t, (response) => response.writeHead(403).end('{"reason":"not a superuser"}'))
  await assert.rejects(names(admin), {code: 'E_NOT_ALLOWED', status: 403, reason: 'not a superuser'})
})

test('a compressed answer that is cut off is an error', async (t) => {
  const packed = gzipSync(TOPICS + END)
  const {admin} = await brokerThat(t, (response) =>
    response.writeHead(200, {'content-encoding': 'gzip'}).end(packed.subarray(0, -9)),
  )
  await assert.rejects(names(admin), {code: 'E_BROKER_UNREACHABLE'})
})

test('a broker that stops sending runs into the timeout; a slow reader does not', async (t) => {
  const silent = await brokerThat(t, (response) => response.write(TOPICS))
  await assert.rejects(names(silent.admin), {code: 'E_BROKER_UNREACHABLE', message: /no answer within the time limit/})
  const {admin} = await brokerThat(t, (response) => {
    response.write(TOPICS)
    response.write(`,"persistent://a/b/d":{}`)
    setTimeout(() => response.end(END), 10)
  })
  assert.deepEqual(await names(admin, () => delay(2 * TIMEOUT_MS)), [...WHOLE, 'persistent://a/b/d'])
})

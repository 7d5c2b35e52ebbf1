import assert from 'node:assert/strict'
import {once} from 'node:events'
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http'
import type {AddressInfo} from 'node:net'
import {test, type TestContext} from 'node:test'
import {inspect} from 'node:util'

import {NO_CREDENTIALS} from '../../../src/clients/login/credentials.js'
import {TokenLogin} from '../../../src/clients/login/token.js'
import {PulsarAdmin} from '../../../src/clients/pulsar-admin/admin.js'
import {parseTopicName} from '../../../src/topic-name.js'

type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** A server for answers that a healthy broker does not send on demand. */
async function serve(t: TestContext, handler: Handler): Promise<string> {
  const server = createServer(handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
}

function open(
  t: TestContext,
  url: string,
  {token, ...options}: {token?: string; retryForMs?: number; timeoutMs?: number} = {},
): PulsarAdmin {
  const credentials = token === undefined ? NO_CREDENTIALS : tokenCredentials(token)
  const admin = new PulsarAdmin({url, credentials, ...options})
  t.after(() => admin.close())
  return admin
}
import {tokenCredentials} from '../../support/servers/tokens.js'

const TOPIC = parseTopicName('persistent://a b/n/x/y')

test('a redirect to the owner is followed with method, body and login', async (t) => {
  const seen: string[] = []
  const owner = await serve(t, (request, response) => {
    void readBody(request).then((body) => {
      seen.push(`${String(request.method)} ${String(request.url)} ${String(request.headers.authorization)} ${body}`)
      response.writeHead(204).end()
    })
  })
  const first = await serve(t, ({url}, response) =>
    response.writeHead(307, {location: `${owner}${String(url)}?authoritative=true`}).end(),
  )
  await open(t, first, {token: 'jwt'}).setSubscriptionTypes(TOPIC, ['Exclusive'])
  assert.deepEqual(seen, [
    'POST /admin/v2/persistent/a%20b/n/x%2Fy/subscriptionTypesEnabled?authoritative=true Bearer jwt ["Exclusive"]',
  ])
})

test('a redirect to another scheme is not followed, because the login would be sent with it', async (t) => {
  const url = await serve(t, (_request, response) =>
    response.writeHead(307, {location: 'https://elsewhere.example/'}).end(),
  )
  await assert.rejects(open(t, url, {token: 'jwt'}).brokerVersion(), {code: 'E_REDIRECT_REFUSED'})
})

test('circular redirects end with an error', async (t) => {
  const url = await serve(t, ({url: path}, response) => response.writeHead(307, {location: String(path)}).end())
  await assert.rejects(open(t, url).brokerVersion(), {code: 'E_REDIRECTS'})
})

test('a read is retried while the broker is not ready, a write is not', async (t) => {
  let asked = 0
  const url = await serve(t, (request, response) => {
    asked++
    if (asked < 4)
      response.writeHead(asked === 1 ? 503 : asked === 2 ? 500 : 412).end('{"reason":"Failed to find ownership"}')
    else response.writeHead(200).end('4.2.4')
  })
  assert.equal(await open(t, url).brokerVersion(), '4.2.4')
  assert.equal(asked, 4)
  asked = 0
  await assert.rejects(open(t, url).setSubscriptionTypes(TOPIC, null), {code: 'E_ADMIN_REFUSED', status: 503})
  assert.equal(asked, 1)
})

test('retries end with the last answer', async (t) => {
  const url = await serve(t, (_request, response) => response.writeHead(503).end('<html><body>not ready</body></html>'))
  await assert.rejects(open(t, url, {retryForMs: 300}).brokerVersion(), {status: 503, reason: 'not ready'})
})

test('a server error is reported without its Java stack trace', async (t) => {
  const reason =
    '\n --- An unexpected error occurred in the server ---\n\nMessage: no such thing\n\nStacktrace:\n\njava.lang.X\n\tat y'
  const url = await serve(t, (_request, response) => response.writeHead(500).end(JSON.stringify({reason})))
  await assert.rejects(open(t, url, {retryForMs: 0}).brokerVersion(), {reason: 'Message: no such thing'})
})

test('a refusal reports the login and the missing permission, never the token; a 401 may mean either', async (t) => {
  for (const [status, body, code, says] of [
    [
      403,
      '{"reason":"not permitted"}',
      'E_NOT_ALLOWED',
      /sent with a token from the environment variable TOKEN; missing permission: superuser/,
    ],
    [401, '{"reason":"Unauthorized to …"}', 'E_NOT_ALLOWED', /missing permission: superuser/],
    [401, '{"message":"Authentication required"}', 'E_LOGIN_REFUSED', /sent with a token from the environment/],
    [401, '<html><title>Error 401</title>very-secret</html>', 'E_LOGIN_REFUSED', /401: Error 401 \*\*\*;/],
  ] as const) {
    const url = await serve(t, (_request, response) => response.writeHead(status).end(body))
    await assert.rejects(open(t, url, {token: 'very-secret'}).brokers(), (error: Error) => {
      assert.equal('code' in error && error.code, code)
      assert.match(error.message, says)
      assert.doesNotMatch(inspect(error, {depth: null}), /very-secret/)
      return true
    })
  }
})

test('an answer with status 200 from another kind of server is refused', async (t) => {
  for (const body of ['<html>please log in</html>', '{"status":"ok"}', 'true']) {
    const url = await serve(t, (_request, response) => response.writeHead(200).end(body))
    const admin = open(t, url)
    await assert.rejects(admin.brokers(), {code: 'E_BROKER_ANSWER'}, body)
    if (body.startsWith('<')) {
      await assert.rejects(admin.brokerVersion(), {code: 'E_BROKER_ANSWER'})
      await assert.rejects(admin.partitionCount(TOPIC), {code: 'E_BROKER_ANSWER'})
    }
  }
})

test('a rejected login is renewed once, and the rejected request is repeated', async (t) => {
  const seen: unknown[] = []
  const url = await serve(t, (request, response) => {
    seen.push([request.method, request.headers.authorization])
    response.writeHead(request.headers.authorization === 'Bearer new' ? 204 : 401).end()
  })
  const tokens = ['old', 'new']
  const secret = {source: 'X', read: () => Promise.resolve(tokens[0] ?? ''), invalidate: () => Boolean(tokens.shift())}
  const admin = new PulsarAdmin({url, credentials: {...NO_CREDENTIALS, login: new TokenLogin(secret)}})
  t.after(() => admin.close())
  await admin.setSubscriptionTypes(TOPIC, null)
  assert.deepEqual(seen, [
    ['DELETE', 'Bearer old'],
    ['DELETE', 'Bearer new'],
  ])
})

test('a broker that accepts connections and does not answer runs into the timeout', async (t) => {
  const url = await serve(t, () => undefined)
  await assert.rejects(open(t, url, {timeoutMs: 200, retryForMs: 0}).brokerVersion(), {code: 'E_BROKER_UNREACHABLE'})
})

test('a read of a message that stops halfway runs into the timeout, and is not retried', async (t) => {
  let asked = 0
  const url = await serve(t, (_request, response) => {
    asked++
    response.writeHead(200, {'content-length': 100}).write('half')
  })
  await assert.rejects(open(t, url, {timeoutMs: 200}).examineMessage(TOPIC, 'earliest', 1), {
    code: 'E_BROKER_UNREACHABLE',
    message: /no answer within the time limit/,
  })
  assert.equal(asked, 1)
})

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

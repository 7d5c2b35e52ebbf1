import assert from 'node:assert/strict'
import {randomBytes} from 'node:crypto'
import {readFile} from 'node:fs/promises'
import {request as httpRequest} from 'node:http'
import {request as httpsRequest} from 'node:https'
import {after, before, test} from 'node:test'
import {connect, type TLSSocket} from 'node:tls'

import {WebSocket} from 'ws'

import type {Pair} from '../../../stack/certificates.mjs'
import {until} from '../../support/servers/live.js'
import {SecuredStack} from '../../support/servers/secured-stack.js'

/** The credentials of a client. */
interface Login {
  readonly authorization?: string
  readonly certificate?: Pair
}

const stack = await SecuredStack.up()
after(() => stack.down())
const {addresses, certificates} = stack
const NAMESPACE = `public/t-${randomBytes(6).toString('hex')}`
before(() => stack.createNamespace(NAMESPACE))

const bearer = (token: string): Login => ({authorization: `Bearer ${token}`})
const password = (user: string, word: string): Login => ({
  authorization: `Basic ${Buffer.from(`${user}:${word}`).toString('base64')}`,
})

const LOGINS = (user: 'admin' | 'guest'): Array<[string, () => Login | Promise<Login>]> => [
  ['token', () => bearer(stack.token(user, {expiresInS: 60}))],
  ['password', async () => password(user, await stack.password(user))],
  ['access token', async () => bearer(await stack.accessToken(user))],
]

test('every login of the superuser is accepted, on the plain port and with TLS', async () => {
  for (const [name, login] of LOGINS('admin')) {
    assert.deepEqual(await statuses(await login()), {plain: 200, tls: 200}, name)
  }
  assert.equal(await ask(addresses.adminTlsUrl, {certificate: certificates.admin}), 200, 'certificate')
})

test('every login of another role is accepted, without permissions', async () => {
  for (const [name, login] of LOGINS('guest')) {
    assert.deepEqual(await statuses(await login()), {plain: 403, tls: 403}, name)
  }
  assert.equal(await ask(addresses.adminTlsUrl, {certificate: certificates.guest}), 403, 'certificate')
})

test('a permission of a role applies to each of its logins', async () => {
  const role = 'reader'
  assert.equal(await ask(addresses.adminUrl, bearer(stack.token(role))), 403)
  await stack.grant(NAMESPACE, role, ['consume'])
  await until('the permission taking effect', async () => {
    return (await ask(addresses.adminUrl, bearer(stack.token(role)))) === 200
  })
  assert.equal(await ask(addresses.adminUrl, bearer(await stack.accessToken(role))), 200)
})

test('requests without a login or with a wrong one are refused', async () => {
  const wrong: Array<[string, Login]> = [
    ['none', {}],
    ['a token signed by another key', bearer(stack.token('admin', {wrongKey: true}))],
    ['an expired token', bearer(stack.token('admin', {expiresInS: -60}))],
    ['a wrong password', password('admin', 'wrong')],
    ['an access token for something else', bearer(await stack.accessToken('admin', 'urn:keyshift:other'))],
  ]
  for (const [name, login] of wrong) assert.deepEqual(await statuses(login), {plain: 401, tls: 401}, name)
})

test('an access token is accepted until it expires', async () => {
  const login = bearer(await stack.accessToken('brief'))
  assert.equal(await ask(addresses.adminUrl, login), 403)
  await until('its end', async () => (await ask(addresses.adminUrl, login)) === 401)
  assert.equal(await ask(addresses.adminUrl, bearer(await stack.accessToken('brief'))), 403, 'a new one is')
})

test("TLS: client and broker verify each other's certificate", async () => {
  const {authority, otherAuthority, stranger} = certificates
  const login = bearer(stack.token('admin'))
  await assert.rejects(ask(addresses.adminTlsUrl, login, otherAuthority), {code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'})
  await assert.rejects(ask(addresses.adminTlsUrl, {...login, certificate: stranger}), {
    code: 'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_UNKNOWN',
  })
  const binary = await handshake(addresses.serviceTlsUrl, authority)
  assert.equal(binary.authorized, true)
  binary.destroy()
})

test('a WebSocket publishes with a token, or with a certificate and TLS, and not without a login', async () => {
  const {pulsar, webSocketTlsUrl, webSocketUrl} = addresses
  assert.equal(await publish(webSocketUrl, bearer(stack.token('admin'))), 'ok')
  const isTaken = !pulsar.startsWith('3.') // the WebSocket service of Pulsar 3 does not accept access tokens
  assert.equal(await publish(webSocketTlsUrl, bearer(await stack.accessToken('admin'))), isTaken ? 'ok' : 401)
  assert.equal(await publish(webSocketTlsUrl, {certificate: certificates.admin}), 'ok')
  assert.equal(await publish(webSocketUrl, {}), 401)
  assert.equal(await publish(webSocketTlsUrl, {}), 401)
  assert.equal(await publish(webSocketTlsUrl, {certificate: certificates.guest}), 403)
})

async function statuses(login: Login): Promise<{plain: number; tls: number}> {
  return {plain: await ask(addresses.adminUrl, login), tls: await ask(addresses.adminTlsUrl, login)}
}

/** The status of a read of the namespace's topics, which needs a permission. */
async function ask(url: string, login: Login, authority = certificates.authority): Promise<number> {
  const options = {agent: false, ...(await shown(login, authority))} as const
  const send = url.startsWith('https:') ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const request = send(`${url}/admin/v2/persistent/${NAMESPACE}`, options, (answer) => {
      answer.resume()
      answer.once('end', () => {
        resolve(answer.statusCode ?? 0)
      })
      answer.once('error', reject)
    })
    request.once('error', reject)
    request.end()
  })
}

/** Publishes one message: its result, or the status of the handshake. */
async function publish(url: string, login: Login): Promise<number | string> {
  const options = await shown(login, certificates.authority)
  const socket = new WebSocket(`${url}/ws/v2/producer/persistent/${NAMESPACE}/words`, options)
  try {
    return await new Promise((resolve, reject) => {
      socket.once('unexpected-response', (_request, answer) => {
        resolve(answer.statusCode ?? 0)
      })
      socket.once('open', () => {
        socket.send(JSON.stringify({payload: 'eA=='}))
      })
      socket.once('message', (data: Buffer) => {
        resolve((JSON.parse(data.toString()) as {result: string}).result)
      })
      socket.once('error', reject)
    })
  } finally {
    socket.on('error', () => undefined) // a refused socket emits a second error when it is closed
    socket.terminate()
  }
}

async function shown({authorization, certificate}: Login, authority: string): Promise<object> {
  return {
    ...(authorization === undefined ? {} : {headers: {authorization}}),
    ca: await readFile(authority),
    ...(certificate ? {cert: await readFile(certificate.certificate), key: await readFile(certificate.key)} : {}),
  }
}

async function handshake(url: string, authority: string): Promise<TLSSocket> {
  const {hostname, port} = new URL(url)
  const ca = await readFile(authority)
  return new Promise((resolve, reject) => {
    const socket = connect({host: hostname, port: Number(port), ca}, () => {
      resolve(socket)
    })
    socket.once('error', reject)
  })
}

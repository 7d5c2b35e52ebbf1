import {once} from 'node:events'
import {readFile} from 'node:fs/promises'
import type {IncomingMessage, RequestListener} from 'node:http'
import {createServer, get} from 'node:https'
import type {AddressInfo} from 'node:net'
import {join} from 'node:path'
import type {TestContext} from 'node:test'

/** A load balancer with the brokers' certificate. It forwards each request to one of the brokers, and the answer back. */
export async function balancer(t: TestContext, loginsDir: string, urls: readonly string[]): Promise<string> {
  const ca = await readFile(join(loginsDir, 'ca.pem'))
  return withTls(t, loginsDir, (request, response) => {
    const url = urls[Math.floor(Math.random() * urls.length)] ?? ''
    get(url + (request.url ?? ''), {ca, headers: headersOf(request)}, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
    })
  })
}

/** Like Pulsar's proxy for its clients: it terminates TLS and follows the redirects of the brokers. */
export async function followingProxy(t: TestContext, loginsDir: string, url: string): Promise<string> {
  return withTls(t, loginsDir, (request, response) => {
    void follow(url + (request.url ?? ''), headersOf(request)).then(async (answer) => {
      response.writeHead(answer.status, {'content-type': 'application/json'}).end(await answer.text())
    })
  })
}

async function follow(url: string, headers: Record<string, string>): Promise<Response> {
  const answer = await fetch(url, {redirect: 'manual', headers})
  const location = answer.headers.get('location')
  return location === null ? answer : follow(location, headers)
}

function headersOf({headers}: IncomingMessage): Record<string, string> {
  return {accept: 'application/json, */*', authorization: headers.authorization ?? ''}
}

async function withTls(t: TestContext, loginsDir: string, answer: RequestListener): Promise<string> {
  const [cert, key] = await Promise.all(['server.pem', 'server.key.pem'].map((name) => readFile(join(loginsDir, name))))
  const server = createServer({cert, key}, answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `https://127.0.0.1:${String((server.address() as AddressInfo).port)}`
}

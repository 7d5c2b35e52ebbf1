import {once} from 'node:events'
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http'
import {type AddressInfo, createServer as createTcpServer, type Server} from 'node:net'
import type {TestContext} from 'node:test'

/** Servers whose every answer is a failure that repeats the request, like the error page of a careless proxy. */
export interface EchoServers {
  readonly http: string
  readonly redis: string
}

/** The kinds of failure; each request gets the next one. */
const FAILURES: ReadonlyArray<(sent: string) => Answer> = [
  (sent) => ({status: 401, body: JSON.stringify({reason: sent})}),
  (sent) => ({status: 403, body: JSON.stringify({reason: sent})}),
  (sent) => ({status: 404, body: JSON.stringify({reason: sent})}),
  (sent) => ({status: 400, body: `<html><body>${sent}</body></html>`, type: 'text/html'}),
  (sent) => ({status: 409, body: JSON.stringify({message: sent})}),
  (sent) => ({status: 200, body: sent, type: 'text/plain'}),
  (sent) => ({status: 307, body: sent, location: `ftp://127.0.0.1/?sent=${encodeURIComponent(sent.slice(0, 4000))}`}),
  () => null,
]

/** null closes the connection without an answer. */
type Answer = {status: number; body: string; type?: string; location?: string} | null

export async function echoServers(t: TestContext): Promise<EchoServers> {
  let turn = 0
  const http = createServer((request, response) => {
    void textOf(request).then((body) => {
      const sent = `${request.method ?? ''} ${request.url ?? ''} ${JSON.stringify(request.headers)} ${body}`
      if (request.url?.includes('openid-configuration')) answer(response, {status: 200, body: discovery(request)})
      else if (request.url === '/token') {
        answer(response, {status: 400, body: JSON.stringify({error: 'x', error_description: sent})})
      } else answer(response, FAILURES[turn++ % FAILURES.length]?.(sent) ?? null)
    })
  })
  const redis = createTcpServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (data) => {
      const text = data.toString('utf8')
      const commands = text.match(/\*\d+\r\n/g)?.length ?? 0
      socket.write(`-ERR ${text.replaceAll(/[\r\n]+/g, ' ')}\r\n`.repeat(commands))
    })
  })
  return {http: `http://${await listen(t, http)}`, redis: await listen(t, redis)}
}

function discovery({headers}: IncomingMessage): string {
  const issuer = `http://${headers.host ?? ''}`
  return JSON.stringify({issuer, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/jwks`})
}

function answer(response: ServerResponse, given: Answer): void {
  if (given === null) {
    response.destroy()
    return
  }
  const {body, location, status, type = 'application/json'} = given
  response.writeHead(status, {'content-type': type, ...(location === undefined ? {} : {location})})
  response.end(body)
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

async function listen(t: TestContext, server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return `127.0.0.1:${String((server.address() as AddressInfo).port)}`
}

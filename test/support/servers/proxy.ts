import {once} from 'node:events'
import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import type {TestContext} from 'node:test'

import {forward} from './forward.js'

/** What the proxy changes: it answers a request itself, or changes the body of the broker's answer. */
export interface Between {
  readonly refuse?: (path: string) => {status: number; body: string} | null
  readonly change?: (path: string, body: string) => string
}

/** Starts a proxy to the real broker that changes the answers that the test selects. @returns its address. */
export async function brokerBehind(t: TestContext, adminUrl: string, {change, refuse}: Between): Promise<string> {
  const server = createServer((request, response) => {
    const path = request.url ?? '/'
    const refusal = refuse?.(path)
    if (refusal) {
      response.writeHead(refusal.status, {'content-type': 'application/json'}).end(refusal.body)
      return
    }
    const init = {method: request.method ?? 'GET', headers: {accept: 'application/json, */*'}}
    void fetch(adminUrl + path, init).then(async (answer) => {
      const body = await answer.text()
      response.writeHead(answer.status, {'content-type': 'application/json'}).end(change ? change(path, body) : body)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
}

export interface CuttingProxy {
  readonly url: string
  /** Closes the connection of the next request with a matching path, before the broker gets it or before its answer is sent. */
  cutNext(path: RegExp, when: 'answer' | 'request', method?: string): void
  /** the number of connections that it closed */
  readonly cuts: number
}

/** A proxy between keyshift and the real broker that closes connections on demand. */
export async function cuttingProxy(t: TestContext, adminUrl: string): Promise<CuttingProxy> {
  let next: {path: RegExp; when: 'answer' | 'request'; method: string | undefined} | null = null
  let cuts = 0
  const server = createServer((request, response) => {
    const fits = next?.path.test(request.url ?? '') && (next.method ?? request.method) === request.method
    const when = fits ? next?.when : undefined
    if (when) {
      next = null
      cuts++
    }
    if (when === 'request') {
      request.socket.destroy()
      return
    }
    forward(adminUrl, request, response, {
      takes(answer) {
        if (when === 'answer') answer.resume().once('end', () => request.socket.destroy())
        return when === 'answer'
      },
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    cutNext(path, when, method) {
      next = {path, when, method}
    },
    get cuts() {
      return cuts
    },
  }
}

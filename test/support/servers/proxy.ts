import {once} from 'node:events'
import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import type {TestContext} from 'node:test'

import {forward} from './forward.js'

/** What stands between: an answer of its own, or the broker's with its body changed. */
export interface Between {
  readonly refuse?: (path: string) => {status: number; body: string} | null
  readonly change?: (path: string, body: string) => string
}

/** A broker that fails in one way: every request goes to the real one, but what the test puts between. @returns its address. */
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
  /** Breaks the connection of the next request whose path fits: before the broker gets it, or before its answer leaves. */
  cutNext(path: RegExp, when: 'answer' | 'request', method?: string): void
  /** how many connections it has broken */
  readonly cuts: number
}

/** Stands between keyshift and the real broker, and breaks connections on demand. */
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

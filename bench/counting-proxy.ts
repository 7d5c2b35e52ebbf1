import {once} from 'node:events'
import {Agent, createServer, request as httpRequest} from 'node:http'
import type {AddressInfo} from 'node:net'

export interface CountingProxy {
  readonly url: string
  /** how many requests went through since the last call */
  take(): number
  close(): void
}

/** Stands between keyshift and a broker's admin API, and counts. */
export async function countingProxy(adminUrl: string): Promise<CountingProxy> {
  const agent = new Agent({keepAlive: true})
  let count = 0
  const server = createServer((request, response) => {
    count++
    const headers = {...request.headers, host: new URL(adminUrl).host}
    const options = {method: request.method, headers, agent}
    const onward = httpRequest(adminUrl + (request.url ?? '/'), options, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.once('error', () => request.socket.destroy())
    request.pipe(onward)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    take() {
      const taken = count
      count = 0
      return taken
    },
    close() {
      server.closeAllConnections()
      server.close()
      agent.destroy()
    },
  }
}

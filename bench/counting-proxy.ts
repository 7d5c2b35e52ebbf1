import {once} from 'node:events'
import {Agent, createServer} from 'node:http'
import type {AddressInfo} from 'node:net'

import {forward} from '../test/support/servers/forward.js'

export interface CountingProxy {
  readonly url: string
  /** the number of requests since the last call */
  take(): number
  close(): void
}

/** A proxy between keyshift and a broker's admin API that counts requests. It reports itself as the only broker of the cluster. */
export async function countingProxy(adminUrl: string): Promise<CountingProxy> {
  const agent = new Agent({keepAlive: true})
  let count = 0
  const server = createServer((request, response) => {
    count++
    if (request.url === '/admin/v2/brokers') response.end(JSON.stringify([request.headers.host]))
    else forward(adminUrl, request, response, {agent})
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

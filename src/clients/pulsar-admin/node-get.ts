import {type Agent, get as getHttp, type IncomingHttpHeaders} from 'node:http'
import {get as getHttps} from 'node:https'

export interface BareOptions {
  readonly agent: Agent
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMs: number
}

export interface BareAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/**
 * One GET with Node's own client, for thousands of reads: on a machine whose two cores the broker uses as well, half the
 * CPU time of an axios request is time that the broker does not have (bench/keys.ts).
 */
export function nodeGet(url: string, {agent, headers, timeoutMs}: BareOptions): Promise<BareAnswer> {
  return new Promise((resolve, reject) => {
    const get = url.startsWith('https:') ? getHttps : getHttp
    const request = get(url, {agent, headers, timeout: timeoutMs}, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('error', reject)
      response.once('end', () => {
        resolve({status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks)})
      })
    })
    request.once('error', reject)
    request.once('timeout', () =>
      request.destroy(Object.assign(new Error('no answer in time'), {code: 'ECONNABORTED'})),
    )
  })
}

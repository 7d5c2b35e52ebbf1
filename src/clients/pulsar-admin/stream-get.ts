import {type Agent, get as getHttp, type IncomingHttpHeaders, type IncomingMessage} from 'node:http'
import {get as getHttps} from 'node:https'
import {pipeline, type Readable} from 'node:stream'
import {createGunzip} from 'node:zlib'

export interface StreamOptions {
  readonly agent: Agent
  readonly headers: Readonly<Record<string, string>>
  /** time limit of the head, and then of each chunk */
  readonly timeoutMs: number
}

export interface StreamedGet {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** throw the connection's error before the end of the body; ECONNABORTED when the next chunk exceeds the time limit */
  readonly chunks: AsyncGenerator<Buffer, void, undefined>
}

/** One GET: the head of the answer, and its body at the reader's pace. */
export function streamGet(url: string, {agent, headers, timeoutMs}: StreamOptions): Promise<StreamedGet> {
  return new Promise((resolve, reject) => {
    const get = url.startsWith('https:') ? getHttps : getHttp
    const options = {agent, headers: {...headers, 'Accept-Encoding': 'gzip'}, timeout: timeoutMs}
    const request = get(url, options, (response) => {
      request.setTimeout(0) // otherwise a slow reader would look like a silent broker
      const chunks = chunksOf(unpacked(response), timeoutMs)
      resolve({status: response.statusCode ?? 0, headers: response.headers, chunks})
    })
    request.once('timeout', () => request.destroy(notInTime()))
    request.on('error', reject) // every error: one after the head is also reported by the body
  })
}

/** The time limit applies only while the reader waits for a chunk. */
async function* chunksOf(body: Readable, timeoutMs: number): AsyncGenerator<Buffer, void, undefined> {
  const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>
  try {
    for (;;) {
      const timer = setTimeout(() => body.destroy(notInTime()), timeoutMs)
      const next = await chunks.next().finally(() => {
        clearTimeout(timer)
      })
      if (next.done === true) return
      yield next.value
    }
  } finally {
    body.destroy()
  }
}

function unpacked(response: IncomingMessage): Readable {
  if (response.headers['content-encoding'] !== 'gzip') return response
  return pipeline(response, createGunzip(), () => undefined) // the reader gets the failure
}

function notInTime(): Error {
  return Object.assign(new Error('no answer in time'), {code: 'ECONNABORTED'})
}

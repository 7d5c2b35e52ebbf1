import {type Agent, get as getHttp, type IncomingHttpHeaders, type IncomingMessage} from 'node:http'
import {get as getHttps} from 'node:https'
import {pipeline, type Readable} from 'node:stream'
import {createGunzip} from 'node:zlib'

export interface StreamOptions {
  readonly agent: Agent
  readonly headers: Readonly<Record<string, string>>
  /** how long the head, and then each chunk, may take */
  readonly timeoutMs: number
}

export interface StreamedGet {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** throw what the connection fails with before the body's end, ECONNABORTED when none comes in time */
  readonly chunks: AsyncGenerator<Buffer, void, undefined>
}

/** One GET: the answer's head, and its body to be read at the caller's pace. */
export function streamGet(url: string, {agent, headers, timeoutMs}: StreamOptions): Promise<StreamedGet> {
  return new Promise((resolve, reject) => {
    const get = url.startsWith('https:') ? getHttps : getHttp
    const options = {agent, headers: {...headers, 'Accept-Encoding': 'gzip'}, timeout: timeoutMs}
    const request = get(url, options, (response) => {
      request.setTimeout(0) // else a caller that is slow to read would look like a broker that says nothing
      const chunks = chunksOf(unpacked(response), timeoutMs)
      resolve({status: response.statusCode ?? 0, headers: response.headers, chunks})
    })
    request.once('timeout', () => request.destroy(notInTime()))
    request.on('error', reject) // each: one that comes behind the head is the body's too, and is told there
  })
}

/** Time counts only while a chunk is waited for. */
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
  return pipeline(response, createGunzip(), () => undefined) // a failure is told to who reads
}

function notInTime(): Error {
  return Object.assign(new Error('no answer in time'), {code: 'ECONNABORTED'})
}

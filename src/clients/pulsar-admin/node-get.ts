import {type Agent, get as getHttp, type IncomingMessage} from 'node:http'
import {get as getHttps} from 'node:https'
import {pipeline, type Readable} from 'node:stream'
import {createGunzip} from 'node:zlib'

export interface GetOptions {
  readonly agent: Agent
  readonly headers: Readonly<Record<string, string>>
  /** how long the broker may send nothing */
  readonly timeoutMs: number
}

/**
 * One GET with Node's own client, up to the head of the answer. It serves two kinds of reads. Large answers are read at the
 * reader's pace (`chunksOf`). Thousands of small ones (`bodyOf`) take less than half the CPU time of axios, which matters on
 * a machine whose two cores the broker uses as well (bench/keys.ts).
 */
export function nodeGet(url: string, {agent, headers, timeoutMs}: GetOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const get = url.startsWith('https:') ? getHttps : getHttp
    let answer: IncomingMessage | undefined
    const request = get(url, {agent, headers, timeout: timeoutMs}, (response) => {
      answer = response
      resolve(response)
    })
    // Destroying the request would end the body with ECONNRESET, which is retried.
    request.once('timeout', () => (answer ?? request).destroy(notInTime()))
    request.on('error', reject) // every error: one after the head is also reported by the body
  })
}

/** The complete body; throws the connection's error, or ECONNABORTED when the broker exceeds the time limit. */
export function bodyOf(response: IncomingMessage): Promise<Buffer> {
  // Events, because an async iterator doubles the CPU time of a small read.
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const body = unpacked(response)
    body.on('data', (chunk: Buffer) => chunks.push(chunk))
    body.once('error', reject)
    body.once('end', () => {
      resolve(Buffer.concat(chunks))
    })
  })
}

/**
 * The body at the reader's pace; throws the connection's error before its end, or ECONNABORTED when the next chunk exceeds
 * the time limit.
 */
export function chunksOf(response: IncomingMessage, timeoutMs: number): AsyncGenerator<Buffer, void, undefined> {
  response.setTimeout(0) // otherwise a slow reader would look like a silent broker
  return timedChunks(unpacked(response), timeoutMs)
}

/** The time limit applies only while the reader waits for a chunk. */
async function* timedChunks(body: Readable, timeoutMs: number): AsyncGenerator<Buffer, void, undefined> {
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

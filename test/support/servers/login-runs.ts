import assert from 'node:assert/strict'
import {once} from 'node:events'
import {readFile, writeFile} from 'node:fs/promises'
import {connect, createServer} from 'node:net'
import {join} from 'node:path'
import type {TestContext} from 'node:test'

import {type Document, parseDocument, runCli} from '../shells/cli.js'
import {temporaryFolder} from '../shells/folder.js'

export type Env = Record<string, string>

/** Requires exit code 4, with and without `--json`. @returns the error. */
export async function refusal(args: readonly string[], env: Env): Promise<Document['error']> {
  const [text, json] = [await runCli(args, env), await runCli([...args, '--json'], env)]
  assert.deepEqual([text.code, json.code], [4, 4], `${text.stdout}${text.stderr}${json.stdout}`)
  const {error} = parseDocument(json.stdout)
  assert.match(text.stderr, new RegExp(`\\(${error.code}\\)`))
  return error
}

export interface ContextHome {
  readonly env: Env
  readonly folder: string
  /** Edits the context file. */
  readonly use: (change: (text: string) => string) => Promise<void>
}

/** An empty home without contexts, and variables that set no addresses. */
export async function contextHome(t: TestContext): Promise<ContextHome> {
  const folder = await temporaryFolder(t)
  const file = join(folder, 'keyshift', 'contexts.yaml')
  return {
    folder,
    env: {XDG_CONFIG_HOME: folder, XDG_CACHE_HOME: folder, KEYSHIFT_ADMIN_URL: '', KEYSHIFT_REDIS_URL: ''},
    use: async (change) => writeFile(file, change(await readFile(file, 'utf8'))),
  }
}

/** Forwards to a server from an address that its certificate does not contain. @returns the URL. */
export async function forwardFrom(t: TestContext, host: string, url: string): Promise<string> {
  const {hostname, port, protocol} = new URL(url)
  const server = createServer((socket) => {
    const target = connect(Number(port), hostname)
    for (const end of [socket, target]) end.on('error', () => end.destroy())
    socket.pipe(target).pipe(socket)
  })
  server.listen(0, host)
  await once(server, 'listening')
  t.after(() => server.close())
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return `${protocol}//${host}:${String(address.port)}`
}

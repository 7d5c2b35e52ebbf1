import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {once} from 'node:events'

import {brokerClasspath, javaProgram} from './programs.js'

/** Runs a program of test/java with the class path of a broker that the stack has started. */
export async function runJava(file: string, args: readonly string[]): Promise<string> {
  const {args: javaArgs, command} = javaProgram(file, await brokerClasspath(), '1g')
  const child = spawn(command, [...javaArgs, ...args], {stdio: ['ignore', 'pipe', 'pipe']})
  const [out, err] = [child.stdout, child.stderr].map(async (stream) => {
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks).toString('utf8')
  })
  const [code] = (await once(child, 'close')) as [number | null]
  assert.equal(code, 0, (await err)?.slice(-2000))
  return (await out) ?? ''
}

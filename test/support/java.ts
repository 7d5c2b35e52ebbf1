import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {readdir, readFile} from 'node:fs/promises'
import {join} from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')

/** Runs one of the programs under test/java, with the class path of a broker that the stack has brought up. */
export async function runJava(file: string, args: readonly string[]): Promise<string> {
  const folder = join(ROOT, '.stack', 'classpath')
  const newest = (await readdir(folder)).toSorted().at(-1)
  assert.ok(newest, 'the stack was never up here')
  const classpath = await readFile(join(folder, newest, 'classpath.txt'), 'utf8')
  const program = join(ROOT, 'test', 'java', file)
  const child = spawn('java', ['-Xmx1g', '-cp', classpath.trim(), program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [out, err] = [child.stdout, child.stderr].map(async (stream) => {
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks).toString('utf8')
  })
  const [code] = (await once(child, 'close')) as [number | null]
  assert.equal(code, 0, (await err)?.slice(-2000))
  return (await out) ?? ''
}

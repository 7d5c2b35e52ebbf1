import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {join} from 'node:path'

import type {Addresses} from '../../src/cli/addresses.js'

const CLI = join(import.meta.dirname, '..', '..', 'stack', 'cli.mjs')
const WHICH = ['--config', 'spare', '--json']

/** A stack of a test's own, whose broker it may restart. What it starts of the command line speaks to this stack. */
export class SpareStack {
  readonly addresses: Addresses

  private constructor(addresses: Addresses) {
    this.addresses = addresses
  }

  static async up(): Promise<SpareStack> {
    const addresses = JSON.parse(await start('up').finished) as Addresses
    process.env['KEYSHIFT_ADMIN_URL'] = addresses.adminUrl
    process.env['KEYSHIFT_REDIS_URL'] = addresses.redisUrl
    return new SpareStack(addresses)
  }

  /** Kills the broker and starts it again. @returns when it is dead; `finished` settles when it is healthy again. */
  async restart(): Promise<{finished: Promise<string>}> {
    const {finished, says} = start('restart')
    await Promise.race([says('killed'), finished])
    return {finished}
  }

  async down(): Promise<void> {
    await start('down').finished
  }
}

interface Started {
  /** what it said on its standard output */
  readonly finished: Promise<string>
  /** Settles when it has said a word on stderr. */
  readonly says: (word: string) => Promise<void>
}

function start(verb: string): Started {
  const child = spawn(process.execPath, [CLI, verb, ...WHICH], {stdio: ['ignore', 'pipe', 'pipe']})
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const finished = once(child, 'close').then(([code]) => {
    assert.equal(code, 0, stderr)
    return stdout
  })
  const says = async (word: string): Promise<void> => {
    while (!stderr.includes(word)) await once(child.stderr, 'data')
  }
  return {finished, says}
}

import assert from 'node:assert/strict'
import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {createInterface} from 'node:readline'

import type {Redis} from 'ioredis'

import {javaProgram, mavenClasspath, type Program} from './programs.js'

/** A lock that a library holds, as a scan has to report it. */
export interface HeldLock {
  readonly key: string
  readonly family: string
  readonly token: string
}

export interface Holding {
  readonly held: readonly HeldLock[]
  /** kills the process that holds the locks if it still runs; the locks stay in Redis */
  close(): Promise<void>
}

/** Starts a program that takes locks, and waits until it holds them. */
export async function holdBy(program: Program, wanted: {redisUrl: string; prefix: string}): Promise<Holding> {
  const {args, command, env} = program
  const child = spawn(command, [...args, JSON.stringify(wanted)], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {...process.env, ...env},
  })
  const ended = once(child, 'close')
  const held = await untilReady(child)
  return {
    held,
    async close() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

async function untilReady(child: ChildProcess): Promise<HeldLock[]> {
  assert.ok(child.stdout && child.stderr)
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString('utf8')).slice(-2000)
  })
  const held: HeldLock[] = []
  for await (const line of createInterface({input: child.stdout})) {
    const said = JSON.parse(line) as HeldLock | {readonly ready: true}
    if ('ready' in said) return held
    held.push(said)
  }
  assert.fail(`the program exited before it held its locks: ${errors}`)
}

/**
 * A program that takes Redisson locks; null if Redisson is not available.
 *
 * @param instead the number of plain locks, or only a read lock, in place of one lock of every kind.
 */
export function redissonProgram(instead: {readonly many?: number; readonly reader?: boolean} = {}): Program | null {
  const classpath = mavenClasspath('org.redisson:redisson:4.3.0')
  if (classpath === null) return null
  const {args, ...program} = javaProgram('RedissonLocks.java', classpath)
  const {many = 0, reader = false} = instead
  return {...program, args: [`-Dmany=${String(many)}`, `-Dreader=${String(reader)}`, ...args]}
}

/** Deletes all keys that contain the prefix of the test. */
export async function deleteAll(redis: Redis, keyPrefix: string): Promise<void> {
  const keys = await redis.keys(`*${keyPrefix.replace(':', '')}*`)
  if (keys.length > 0) await redis.del(...keys)
}

import assert from 'node:assert/strict'
import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {createInterface} from 'node:readline'

import type {Redis} from 'ioredis'

import {javaProgram, mavenClasspath, type Program} from './programs.js'

/** A lock that a library has taken: what a scan has to say of it. */
export interface HeldLock {
  readonly key: string
  readonly family: string
  readonly token: string
}

export interface Holding {
  readonly held: readonly HeldLock[]
  /** ends the process that holds them, if it is there still; what it held stays in Redis */
  close(): Promise<void>
}

/** Starts a program of another language that takes locks, and waits until it has them. */
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
  assert.fail(`it ended before it had its locks: ${errors}`)
}

/**
 * Null where Redisson can't be had.
 *
 * @param instead of one of every kind: so many plain locks, or a read lock alone.
 */
export function redissonProgram(instead: {readonly many?: number; readonly reader?: boolean} = {}): Program | null {
  const classpath = mavenClasspath('org.redisson:redisson:4.3.0')
  if (classpath === null) return null
  const {args, ...program} = javaProgram('RedissonLocks.java', classpath)
  const {many = 0, reader = false} = instead
  return {...program, args: [`-Dmany=${String(many)}`, `-Dreader=${String(reader)}`, ...args]}
}

/** Deletes what a test or a library has left, wherever it has put the test's prefix into a key. */
export async function deleteAll(redis: Redis, keyPrefix: string): Promise<void> {
  const keys = await redis.keys(`*${keyPrefix.replace(':', '')}*`)
  if (keys.length > 0) await redis.del(...keys)
}

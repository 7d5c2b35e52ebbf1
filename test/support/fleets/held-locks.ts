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
    const said = JSON.parse(line) as HeldLock | {readonly ready: true} | {readonly waiting: true}
    if ('ready' in said) return held
    if ('key' in said) held.push(said)
  }
  assert.fail(`the program exited before it held its locks: ${errors}`)
}

/** Null if Redisson is not available. */
export function redissonClasspath(): string | null {
  return mavenClasspath('org.redisson:redisson:4.3.0')
}

/**
 * A program that takes Redisson locks; null if Redisson is not available.
 *
 * @param instead what it does in place of holding one lock of every kind: it holds a number of plain locks, with a fixed lease in
 *   seconds if one is given, or only a read lock; or it waits for the plain lock `stuck`.
 */
export function redissonProgram(
  instead: {readonly many?: number; readonly lease?: number; readonly reader?: boolean; readonly waiter?: boolean} = {},
): Program | null {
  const classpath = redissonClasspath()
  if (classpath === null) return null
  const {args, ...program} = javaProgram('RedissonLocks.java', classpath)
  const settings = Object.entries(instead).map(([name, value]) => `-D${name}=${String(value)}`)
  return {...program, args: [...settings, ...args]}
}

/** Deletes all keys that contain the prefix of the test. */
export async function deleteAll(redis: Redis, keyPrefix: string): Promise<void> {
  const keys = await redis.keys(`*${keyPrefix.replace(':', '')}*`)
  if (keys.length > 0) await redis.del(...keys)
}

/** A version 1 UUID of a time, as redis-py writes it. */
export function uuid1(timeMs: number): string {
  const steps = (BigInt(timeMs) * 10_000n + 0x01_b2_1d_d2_13_81_40_00n).toString(16).padStart(15, '0')
  return `${steps.slice(7)}${steps.slice(3, 7)}1${steps.slice(0, 3)}a1b2c3d4e5f60718`
}

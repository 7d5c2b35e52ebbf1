import type {Redis} from 'ioredis'

import {missingRight} from '../../../clients/redis/acl.js'
import {MOST_BYTES, MOST_ELEMENTS, type ScannedRow, timeMs} from '../../../clients/redis/scan-script.js'
import {isMovedReply} from './collect-key-node.js'
import {printable, type SampledKey} from './sampled-key.js'

/** The keys that were read. A key that no longer exists is not included. */
export interface ReadKeys {
  readonly keys: SampledKey[]
  /** keys that moved to another node of the cluster */
  readonly moved: Buffer[]
  /** keys that this login cannot read, with the missing right */
  readonly unreadable: Array<{readonly key: Buffer; readonly missingRight: string}>
}

/** The encodings of hashes with few and short fields, which a lock always has. */
const SMALL_HASH = new Set(['listpack', 'ziplist'])

/** CLIENT NO-TOUCH (Redis 7.2): reads no longer reset the idle times of keys. */
export async function stopTouching(redis: Redis): Promise<boolean> {
  try {
    await redis.call('CLIENT', 'NO-TOUCH', 'ON')
    return true
  } catch {
    return false // an older Redis or a missing right; reported as touchesIdleTime
  }
}

/** How a server reports the expiry of a key: as an exact time (Redis 7.0), or as the remaining time. */
export type ExpiryCommand = 'pexpiretime' | 'pttl'

/** Checks whether PEXPIRETIME exists and this login may use it. */
export async function expiryCommandOf(redis: Redis): Promise<ExpiryCommand> {
  try {
    await redis.pexpiretime('keyshift')
    return 'pexpiretime'
  } catch (error) {
    // A login without access to this key may still use the command.
    return error instanceof Error && /unknown command|permissions to run/i.test(error.message) ? 'pttl' : 'pexpiretime'
  }
}

/** Reads keys in two pipelines: the metadata first, because reading a value may reset the idle time; then the values. */
export async function readKeys(redis: Redis, keys: readonly Buffer[], expiry: ExpiryCommand): Promise<ReadKeys> {
  const result: ReadKeys = {keys: [], moved: [], unreadable: []}
  if (keys.length === 0) return result
  const metadataReads = redis.pipeline().time()
  for (const key of keys) metadataReads.type(key)[expiry](key).object('IDLETIME', key).object('ENCODING', key)
  const [time, ...seen] = await answers(metadataReads.exec())
  const atMs = clockOf(time)
  const rows = keys.map((key, at) => ({key, metadata: seen.slice(at * COMMANDS_PER_KEY, (at + 1) * COMMANDS_PER_KEY)}))
  const values = redis.pipeline()
  for (const {key, metadata} of rows) addRead(values, key, metadata)
  const read = await answers(values.exec())
  for (const [at, {key, metadata}] of rows.entries()) {
    const [type, ends, , encoding] = metadata
    // Without a known encoding a hash is not read, because it may be long. Few locks are sets, so their members are optional.
    const needed = [
      type,
      ends,
      ...(type?.value === 'set' ? [] : [read[at]]),
      ...(type?.value === 'hash' ? [encoding] : []),
    ]
    const errors = needed.flatMap((answer) => answer?.error ?? [])
    const right = errors.map(missingRight).find((right) => right !== null)
    if (errors.some(isMovedReply)) result.moved.push(key)
    else if (right) result.unreadable.push({key, missingRight: right})
    else {
      const row = rowOf(key, metadata, read[at], expiry === 'pttl' ? atMs : 0)
      if (row.type !== 'none') result.keys.push(sampledKey(row, printable(key), atMs))
    }
  }
  return result
}

type Pipeline = ReturnType<Redis['pipeline']>

/** The number of metadata commands for each key. */
const COMMANDS_PER_KEY = 4

function addRead(pipeline: Pipeline, key: Buffer, [type, , , encoding]: readonly Answer[]): void {
  if (type?.value === 'hash' && SMALL_HASH.has(String(encoding?.value))) pipeline.callBuffer('HGETALL', key)
  else if (type?.value === 'zset') pipeline.zrangeBuffer(key, '0', String(MOST_ELEMENTS), 'WITHSCORES')
  else if (type?.value === 'set') pipeline.callBuffer('SRANDMEMBER', key, MOST_ELEMENTS + 1)
  else if (type?.value === 'list') pipeline.lrangeBuffer(key, 0, MOST_ELEMENTS)
  else if (type?.value === 'string' && encoding?.value === 'raw') pipeline.getrangeBuffer(key, 0, MOST_BYTES)
  else if (type?.value === 'string') pipeline.getBuffer(key)
  else pipeline.type(key)
}

interface Answer {
  readonly error: Error | null
  readonly value: unknown
}

async function answers(replies: Promise<Array<[Error | null, unknown]> | null>): Promise<Answer[]> {
  return ((await replies) ?? []).map(([error, value]) => ({error, value}))
}

function clockOf(answer: Answer | undefined): number {
  if (!Array.isArray(answer?.value)) return Date.now() // a login without TIME
  return timeMs(answer.value as [string, string])
}

function rowOf(
  key: Buffer,
  [type, ends, idle, encoding]: readonly Answer[],
  read: Answer | undefined,
  leftSinceMs: number,
): ScannedRow {
  const expires = Number(ends?.value)
  return {
    key,
    type: String(type?.value),
    expiresAtMs: expires > 0 ? expires + leftSinceMs : expires,
    idleSeconds: typeof idle?.value === 'number' ? idle.value : null,
    isNumber: encoding?.value === 'int',
    value: Buffer.isBuffer(read?.value) || Array.isArray(read?.value) ? (read.value as ScannedRow['value']) : null,
  }
}

/** Converts a row of a scan. */
export function sampledKey(
  {expiresAtMs, idleSeconds, isNumber, key, type, value}: ScannedRow,
  name: string,
  atMs: number,
): SampledKey {
  return {
    key,
    name,
    type,
    expiresAtMs,
    // Keys share the objects of small numbers, so the idle time may come from another key.
    idleSeconds: isNumber ? null : idleSeconds,
    entries: entriesOf(type, value),
    atMs,
  }
}

function entriesOf(type: string, value: ScannedRow['value']): SampledKey['entries'] {
  if (value === null) return []
  if (!Array.isArray(value)) return Buffer.isBuffer(value) && value.length <= MOST_BYTES ? [[value, null]] : []
  const elements = value as Buffer[]
  // SRANDMEMBER returns the members in any order.
  if (type === 'set') return elements.toSorted((a, b) => a.compare(b)).map((element) => [element, null])
  if (type === 'list') return elements.map((element) => [element, null])
  return elements.flatMap((member, at) => (at % 2 === 0 ? [[member, elements[at + 1] ?? null]] : []))
}

import type {Redis} from 'ioredis'

/** More is no lock of a family that is known, and reading it would hold up the server. */
export const MOST_ELEMENTS = 64
export const MOST_BYTES = 1024

/** One key as the script saw it. */
export interface ScannedRow {
  readonly key: Buffer
  readonly type: string
  /** epoch ms of the server; −1 for a key that never expires */
  readonly expiresAtMs: number
  /** null under an LFU policy */
  readonly idleSeconds: number | null
  readonly encoding: string
  /** a string's value, or fields and values, members and scores, elements; null where the type has none that is read */
  readonly value: Buffer | readonly Buffer[] | null
}

export interface ScannedPage {
  readonly cursor: string
  /** the server's clock, epoch ms */
  readonly atMs: number
  readonly rows: readonly ScannedRow[]
}

/**
 * A page of SCAN and all that is read of its keys, in one go: what does not touch a key comes first, its value last.
 * Redis 7.0 has EVAL_RO, the flags and PEXPIRETIME. The keys are not known beforehand, so none is declared.
 */
const SCRIPT = `#!lua flags=no-writes,allow-cross-slot-keys
local page = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', ARGV[3])
local most, bytes = tonumber(ARGV[4]), tonumber(ARGV[5])
local now = redis.call('TIME')
local rows = {}
for i, key in ipairs(page[2]) do
  local kind = redis.call('TYPE', key)['ok']
  local ends = redis.call('PEXPIRETIME', key)
  local idle = redis.pcall('OBJECT', 'IDLETIME', key)
  local encoding = redis.pcall('OBJECT', 'ENCODING', key)
  if type(idle) ~= 'number' then idle = -1 end
  if type(encoding) ~= 'string' then encoding = '' end
  local value = false
  if kind == 'string' then
    value = encoding == 'raw' and redis.call('GETRANGE', key, 0, bytes) or redis.call('GET', key)
  elseif kind == 'hash' and (encoding == 'listpack' or encoding == 'ziplist') then
    value = redis.call('HGETALL', key)
  elseif kind == 'zset' then
    value = redis.call('ZRANGE', key, 0, most, 'WITHSCORES')
  elseif kind == 'list' then
    value = redis.call('LRANGE', key, 0, most)
  end
  rows[i] = {key, kind, ends, idle, encoding, value}
end
return {page[1], now[1], now[2], rows}
`

type RawRow = readonly [Buffer, Buffer, number, number, Buffer, Buffer | Buffer[] | null]
type RawPage = readonly [cursor: Buffer, seconds: Buffer, micros: Buffer, rows: readonly RawRow[]]

/** @throws what Redis answers where it knows no EVAL_RO, or this login may run no script, or not every command in it. */
export async function scanByScript(
  redis: Redis,
  {count, cursor, pattern}: {readonly cursor: string; readonly pattern: string; readonly count: number},
): Promise<ScannedPage> {
  const args = [SCRIPT, 0, cursor, pattern, count, MOST_ELEMENTS, MOST_BYTES]
  const [next, seconds, micros, rows] = (await redis.callBuffer('EVAL_RO', ...args)) as RawPage
  return {
    cursor: next.toString(),
    atMs: Number(seconds) * 1000 + Math.floor(Number(micros) / 1000),
    rows: rows.map(([key, type, expiresAtMs, idle, encoding, value]) => ({
      key,
      type: type.toString(),
      expiresAtMs,
      idleSeconds: idle < 0 ? null : idle,
      encoding: encoding.toString(),
      value,
    })),
  }
}

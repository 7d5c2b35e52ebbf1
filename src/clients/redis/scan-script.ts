import type {Redis} from 'ioredis'

/** A larger key is not a lock of a known family, and reading it would block the server. */
export const MOST_ELEMENTS = 64

export const MOST_BYTES = 1024

/** One key as the script read it. */
export interface ScannedRow {
  readonly key: Buffer
  /** as reported by TYPE; `other` for types in which no lock is stored */
  readonly type: string
  /** epoch ms of the server; −1 for a key that never expires */
  readonly expiresAtMs: number
  /** null under an LFU policy */
  readonly idleSeconds: number | null
  /** whether its value is stored as an integer; keys share the objects of small integers (OBJ_SHARED_INTEGERS) */
  readonly isNumber: boolean
  /** a string's value, or fields and values, members and scores, elements; null when the value was not read */
  readonly value: Buffer | readonly Buffer[] | null
}

export interface ScannedPage {
  readonly cursor: string
  /** the server's clock, epoch ms */
  readonly atMs: number
  readonly rows: readonly ScannedRow[]
}

/**
 * Reads one page of SCAN with the metadata and values of its keys. The value is read last, because reading it may reset the
 * idle time. EVAL_RO, the flags and PEXPIRETIME need Redis 7.0. The keys are not known in advance, so none is declared.
 */
const SCRIPT = `#!lua flags=no-writes,allow-cross-slot-keys
local page = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', ARGV[3])
local most, bytes = tonumber(ARGV[4]), tonumber(ARGV[5])
local now = redis.call('TIME')
local codes = {none = 0, string = 1, hash = 2, zset = 3, list = 4, set = 5}
local rows, n = {}, 0
for _, key in ipairs(page[2]) do
  local kind = redis.call('TYPE', key)['ok']
  local ends = redis.call('PEXPIRETIME', key)
  local idle = redis.pcall('OBJECT', 'IDLETIME', key)
  if type(idle) ~= 'number' then idle = -1 end
  local value, isNumber = false, 0
  if kind == 'string' then
    value = redis.call('GETRANGE', key, 0, bytes)
    if #value < 20 and string.find(value, '^%-?%d+$') and redis.pcall('OBJECT', 'ENCODING', key) == 'int' then isNumber = 1 end
  elseif kind == 'hash' then
    local encoding = redis.call('OBJECT', 'ENCODING', key)
    if encoding == 'listpack' or encoding == 'ziplist' then value = redis.call('HGETALL', key) end
  elseif kind == 'zset' then
    value = redis.call('ZRANGE', key, 0, most, 'WITHSCORES')
  elseif kind == 'list' then
    value = redis.call('LRANGE', key, 0, most)
  elseif kind == 'set' then
    value = redis.pcall('SRANDMEMBER', key, most + 1)
    if value.err then value = false end
  end
  rows[n + 1], rows[n + 2], rows[n + 3], rows[n + 4] = key, ((idle + 1) * 2 + isNumber) * 8 + (codes[kind] or 6), ends, value
  n = n + 4
end
return {page[1], now[1], now[2], rows}
`

/**
 * Four values per key: the key; idle time, integer flag and type in one number; the expiry; the value. Fewer values make the
 * reply cheaper to parse.
 */
type RawRows = ReadonlyArray<Buffer | Buffer[] | number | null>

type RawPage = readonly [cursor: Buffer, seconds: Buffer, micros: Buffer, rows: RawRows]

const ROW = 4

/** The types by their number in the script. */
const TYPES = ['none', 'string', 'hash', 'zset', 'list', 'set', 'other'] as const

/** @throws the error of Redis when it has no EVAL_RO, or this login may not run scripts or a command in the script. */
export async function scanByScript(
  redis: Redis,
  {count, cursor, pattern}: {readonly cursor: string; readonly pattern: string; readonly count: number},
): Promise<ScannedPage> {
  const args = [SCRIPT, 0, cursor, pattern, count, MOST_ELEMENTS, MOST_BYTES]
  const [next, seconds, micros, rows] = (await redis.callBuffer('EVAL_RO', ...args)) as RawPage
  return {
    cursor: next.toString(),
    atMs: timeMs([seconds, micros]),
    rows: Array.from({length: rows.length / ROW}, (_, at) => rowAt(rows, at * ROW)),
  }
}

function rowAt(rows: RawRows, at: number): ScannedRow {
  const small = rows[at + 1] as number
  const idle = Math.floor(small / 16) - 1
  return {
    key: rows[at] as Buffer,
    type: TYPES[small % 8] ?? 'other',
    expiresAtMs: rows[at + 2] as number,
    idleSeconds: idle < 0 ? null : idle,
    isNumber: Math.floor(small / 8) % 2 === 1,
    value: rows[at + 3] as ScannedRow['value'],
  }
}

/** The reply of TIME as epoch ms. */
export function timeMs([seconds, micros]: ReadonlyArray<Buffer | number | string>): number {
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000)
}

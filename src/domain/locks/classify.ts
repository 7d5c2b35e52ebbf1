/** What one look at a key shows. Bytes are kept: tokens need not be text. */
export interface RawLock {
  readonly key: Buffer
  /** as TYPE says it */
  readonly type: string
  /** as PTTL says it: −1 for a key that never expires */
  readonly pttl: number
  /** as OBJECT IDLETIME says it; null under an LFU policy */
  readonly idleSeconds: number | null
  /** of a string */
  readonly value: Buffer | null
  /** of a hash, in the order that HGETALL gives */
  readonly fields: ReadonlyArray<readonly [Buffer, Buffer]>
}

export type LockFamily = 'plain' | 'redisson' | 'unknown'

/** `healthy` here means: it has a TTL that is not too long. Whether the holder lives takes more than one look. */
export type LockVerdict = 'healthy' | 'no-ttl' | 'ttl-too-long' | 'unknown-format'

export interface LockHolder {
  /** exactly as stored, the proof that a release has to show; base64:… when it is not text */
  token: string
  host: string | null
  pid: number | null
  thread: number | null
  consumer: string | null
}

export interface LockRecord {
  key: string
  family: LockFamily
  /** null when the format is not known */
  holder: LockHolder | null
  /** how often the holder has taken it; null where the format does not say */
  reentrancy: number | null
  /** null for a key that never expires */
  ttlMs: number | null
  /** since anybody touched the key: holder, waiter or reader */
  idleMs: number | null
  /** a lower bound: every write resets the idle time */
  heldAtLeastMs: number | null
  verdict: LockVerdict
  /** how sure the family is, from 0 to 1 */
  confidence: number
}

export interface ClassifyOptions {
  /** a TTL above this is too long, in ms */
  readonly maxTtlMs: number
}

// Redisson's field is its instance's uuid and the holding thread: facts of RedissonLock.java, RedissonBaseLock.java.
const REDISSON_FIELD = /^(?<uuid>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):(?<thread>\d+)$/
// Medallion's DistributedLock writes machine, process and a guid; others follow the habit.
const HOST_PID_TOKEN = /^(?<host>.+)_(?<pid>\d+)_[0-9a-f]{32}$/
const CONSTANT_TOKEN = /^(?:1|true|locked|lock)$/i

/** Recognises a lock's format, names its holder, and judges it from this one look. */
export function classifyLock(raw: RawLock, options: ClassifyOptions): LockRecord {
  const {confidence, family, holder, reentrancy} = recognise(raw)
  const idleMs = raw.idleSeconds === null ? null : raw.idleSeconds * 1000
  return {
    key: printable(raw.key),
    family,
    holder,
    reentrancy,
    ttlMs: raw.pttl < 0 ? null : raw.pttl,
    idleMs,
    heldAtLeastMs: idleMs,
    verdict: family === 'unknown' ? 'unknown-format' : verdictOf(raw.pttl, options),
    confidence,
  }
}

type Recognised = Pick<LockRecord, 'confidence' | 'family' | 'holder' | 'reentrancy'>

const UNKNOWN: Recognised = {family: 'unknown', holder: null, reentrancy: null, confidence: 0}

function recognise(raw: RawLock): Recognised {
  if (raw.type === 'string' && raw.value) return plainLock(printable(raw.value))
  if (raw.type === 'hash') return redissonLock(raw.fields)
  return UNKNOWN
}

function plainLock(token: string): Recognised {
  const groups = HOST_PID_TOKEN.exec(token)?.groups
  const holder = {
    token,
    host: groups?.['host'] ?? null,
    pid: groups ? Number(groups['pid']) : null,
    thread: null,
    consumer: null,
  }
  // A constant names nobody: the key may be a plain flag and no lock at all.
  const confidence = groups ? 0.95 : CONSTANT_TOKEN.test(token) ? 0.4 : 0.8
  return {family: 'plain', holder, reentrancy: null, confidence}
}

function redissonLock(fields: RawLock['fields']): Recognised {
  const [field, count] = fields[0]?.map((bytes) => printable(bytes)) ?? []
  const thread = REDISSON_FIELD.exec(field ?? '')?.groups?.['thread']
  if (fields.length !== 1 || field === undefined || thread === undefined || !/^\d{1,9}$/.test(count ?? ''))
    return UNKNOWN
  return {
    family: 'redisson',
    holder: {token: field, host: null, pid: null, thread: Number(thread), consumer: null},
    reentrancy: Number(count),
    confidence: 0.99,
  }
}

function verdictOf(pttl: number, {maxTtlMs}: ClassifyOptions): LockVerdict {
  if (pttl < 0) return 'no-ttl'
  return pttl > maxTtlMs ? 'ttl-too-long' : 'healthy'
}

/** Text where the bytes are UTF-8, else base64 that says so. */
function printable(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  return Buffer.from(text, 'utf8').equals(bytes) ? text : `base64:${bytes.toString('base64')}`
}

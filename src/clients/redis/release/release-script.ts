import type {Redis} from 'ioredis'

import type {Released, ReleaseOrder, ReleaseOutcome} from './release-order.js'

/**
 * Compares the snapshot and releases the lock atomically. A lock that was renewed, or acquired again with the same token, has
 * a different PEXPIRETIME. Before Redis 7.0 the remaining time must not have increased.
 *
 * KEYS: the lock, other keys to delete, then the wait queue and its deadlines, then a list to push to. ARGV: see
 * argumentsOf().
 */
const SCRIPT = `
local lock, kind, expires, grace = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local entries, also, disconnected = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local found = redis.call('TYPE', lock)['ok']
if found == 'none' then return {'ended'} end
if found ~= kind then return {'changed'} end
local holder = ARGV[8]
local at = 8
if kind == 'string' then
  if redis.call('GET', lock) ~= ARGV[at + 1] then return {'changed'} end
else
  local size = kind == 'hash' and 'HLEN' or 'ZCARD'
  local get = kind == 'hash' and 'HGET' or 'ZSCORE'
  if redis.call(size, lock) ~= entries then return {'changed'} end
  for i = 1, entries do
    local now, seen = redis.call(get, lock, ARGV[at + 2 * i - 1]), ARGV[at + 2 * i]
    if kind == 'zset' then now, seen = tonumber(now or nil), tonumber(seen) end
    if now ~= seen then return {'changed'} end
  end
end
at = at + 2 * entries
local ends = redis.pcall('PEXPIRETIME', lock)
if type(ends) == 'table' then
  local left = redis.call('PTTL', lock)
  local now = redis.call('TIME')
  ends = left < 0 and left or left + now[1] * 1000 + math.floor(now[2] / 1000)
  if ends > 0 and expires > 0 and ends <= expires + 2 then ends = expires end
end
if ends ~= expires then return {'renewed'} end
if grace >= 0 then
  local left = redis.call('PTTL', lock)
  if left < 0 or left > grace then redis.call('PEXPIRE', lock, grace) end
elseif holder ~= '' then redis.call(kind == 'hash' and 'HDEL' or 'ZREM', lock, holder) end
for i = (holder == '' and grace < 0) and 1 or 2, 1 + also do
  if type(redis.pcall('UNLINK', KEYS[i])) == 'table' then redis.call('DEL', KEYS[i]) end
end
local queue, deadlines = KEYS[2 + also], KEYS[3 + also]
if tonumber(ARGV[7]) == 0 then queue = nil end
for i = 1, disconnected do
  redis.call('LREM', queue, 0, ARGV[at + i])
  redis.call('ZREM', deadlines, ARGV[at + i])
end
at = at + disconnected
local how = ARGV[at + 1]
if how == 'push' then
  local list = KEYS[#KEYS]
  redis.call('DEL', list)
  redis.call('RPUSH', list, ARGV[at + 2])
  redis.call('PEXPIRE', list, tonumber(ARGV[at + 3]))
  return {'released', list, 1}
end
if how ~= 'publish' then return {'released'} end
local channel = ARGV[at + 2]
if queue then
  local head = redis.call('LINDEX', queue, 0)
  if head then channel = ARGV[at + 4] .. head .. ARGV[at + 5] end
end
local heard = redis.pcall('PUBLISH', channel, ARGV[at + 3])
return {'released', channel, type(heard) == 'table' and -1 or heard}
`

/** Releases with a script. @throws the server's error when this login may not run scripts, or a command in the script. */
export async function releaseByScript(redis: Redis, order: ReleaseOrder): Promise<Released> {
  const {alsoDelete, key, notify, waitQueue} = order
  const keys = [
    key,
    ...alsoDelete,
    ...(waitQueue === null ? [] : [waitQueue.queue, waitQueue.deadlines]),
    ...(notify?.by === 'push' ? [notify.list] : []),
  ]
  const answer = (await redis.call('EVAL', [SCRIPT, keys.length, ...keys, ...argumentsOf(order)])) as [
    ReleaseOutcome,
    string?,
    number?,
  ]
  const [outcome, channel, receivers] = answer
  return {outcome, notified: channel === undefined ? null : {channel, receivers: Number(receivers)}}
}

function argumentsOf({
  alsoDelete,
  entries,
  expiresAtMs,
  graceMs,
  holder,
  notify,
  type,
  waitQueue,
}: ReleaseOrder): Array<Buffer | string> {
  const disconnected = waitQueue?.disconnected ?? []
  return [
    type,
    String(expiresAtMs),
    String(graceMs ?? -1),
    String(entries.length),
    String(alsoDelete.length),
    String(disconnected.length),
    waitQueue === null ? '0' : '1',
    holder ?? '',
    ...entries.flatMap(([token, entry]) => [token, entry ?? '']),
    ...disconnected,
    ...(notify === null ? [''] : notify.by === 'push' ? ['push', notify.element, String(notify.expireMs)] : []),
    ...(notify?.by === 'publish'
      ? ['publish', notify.channel, notify.message, ...(waitQueue?.channel ?? ['', ''])]
      : []),
  ]
}

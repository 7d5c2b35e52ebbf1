import assert from 'node:assert/strict'
import {test} from 'node:test'

import {checkCommand} from '../../src/clients/redis/check-command.js'
import {failureText} from '../../src/connection-failure.js'

const TEXTS: ReadonlyArray<readonly [cause: string, text: string]> = [
  ['ECONNREFUSED', 'connection refused'],
  ['connect ECONNREFUSED 127.0.0.1:1', 'connection refused'],
  ['connect ETIMEDOUT', 'no answer within the time limit'],
  ['getaddrinfo ENOTFOUND redis.example', 'unknown host name'],
  ['read ECONNRESET', 'connection closed by the server'],
  ['write EPIPE', 'connection closed by the server'],
  ['Command timed out', 'no answer within the time limit'],
  ['Connection is closed.', 'connection closed'],
  ["Stream isn't writeable and enableOfflineQueue options is false", 'connection closed'],
  ['Reached the max retries per request limit (which is 0). Refer to "maxRetriesPerRequest".', 'connection closed'],
  ['LOADING Redis is loading the dataset in memory', 'Redis is still loading its data'],
]

for (const [cause, text] of TEXTS) {
  test(`${cause} is reported in words`, () => {
    assert.equal(failureText(cause), text)
  })
}

test('a cause without words is unchanged', () => {
  for (const cause of ['missing permission +get', 'connect EADDRNOTAVAIL 10.0.0.1', '']) {
    assert.equal(failureText(cause), cause)
  }
})

test('the command that checks a Redis server accepts host:port and URLs', () => {
  assert.equal(checkCommand('10.0.0.9:6379'), 'redis-cli -h 10.0.0.9 -p 6379 ping')
  assert.equal(checkCommand('[::1]:6379'), 'redis-cli -h ::1 -p 6379 ping')
  assert.equal(checkCommand('rediss://redis.example:6380'), 'redis-cli -u rediss://redis.example:6380 ping')
  assert.equal(checkCommand('redis+sentinel://a:26379/main'), null)
})

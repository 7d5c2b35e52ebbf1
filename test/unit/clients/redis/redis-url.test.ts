import assert from 'node:assert/strict'
import {test} from 'node:test'

import fc from 'fast-check'

import {parseRedisUrl} from '../../../../src/clients/redis/redis-url.js'

const DATABASES: ReadonlyArray<readonly [url: string, db: number | undefined, address: string]> = [
  ['redis://h', undefined, 'redis://h'],
  ['redis://h:6380/', undefined, 'redis://h:6380'],
  ['redis://h/0', 0, 'redis://h/0'],
  ['redis://h/3', 3, 'redis://h/3'],
  ['redis://h/3/', 3, 'redis://h/3'],
  ['rediss://u:p@h?db=3', 3, 'rediss://h/3'],
  ['redis://h/3?db=3', 3, 'redis://h/3'],
  ['redis+sentinel://a:1,b:2/main', undefined, 'redis+sentinel://a:1,b:2/main'],
  ['redis+sentinel://u:p@a/main/4', 4, 'redis+sentinel://a/main/4'],
  ['rediss+sentinel://a/main?db=4', 4, 'rediss+sentinel://a/main/4'],
]

for (const [url, db, address] of DATABASES) {
  test(`${url} is database ${String(db ?? 'not given')}`, () => {
    const target = parseRedisUrl(url)
    assert.deepEqual([target.options.db, target.address], [db, address])
  })
}

const REFUSED: ReadonlyArray<readonly [url: string, why: RegExp]> = [
  ['http://u:hidden@h', /use redis:/],
  ['redis://u:hidden@h/abc', /must be a number/],
  ['redis://u:hidden@h/-1', /must be a number/],
  ['redis://u:hidden@h/1/2', /must be a number/],
  ['redis://u:hidden@h/1?db=2', /more than one database/],
  ['redis://u:hidden@h?ssl_cert_reqs=none', /"ssl_cert_reqs" is not supported/],
  ['redis://u:hidden%@h', /must be written as %25/],
  ['redis+sentinel://u:hidden%zz@h/main', /must be written as %25/],
  ['redis+sentinel://u:hidden@h/main/x', /must be a number/],
]

for (const [url, why] of REFUSED) {
  test(`${url.replace('hidden', 'PASSWORD')} is refused, without its password`, () => {
    assert.throws(
      () => parseRedisUrl(url),
      (error: Error & {code?: string}) =>
        error.code === 'E_REDIS_URL' && why.test(error.message) && !error.message.includes('hidden'),
    )
  })
}

test('any text is parsed or refused as a usage error', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.webUrl(),
        fc.string().map((text) => `redis://${text}`),
      ),
      (text) => {
        try {
          parseRedisUrl(text)
        } catch (error) {
          assert.equal((error as {code?: string}).code, 'E_REDIS_URL')
        }
      },
    ),
  )
})

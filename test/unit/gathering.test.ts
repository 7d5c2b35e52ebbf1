import assert from 'node:assert/strict'
import {test} from 'node:test'

import {Gathering} from '../../src/domain/migration/proofs/arrival-proof.js'
import {joinsTwice} from '../../src/domain/migration/double-delivery.js'

const looks = (...counts: number[]): Array<{stats: {consumers: object[]} | null}> =>
  counts.map((count) => ({stats: count < 0 ? null : {consumers: Array.from({length: count}, () => ({}))}}))

test('a fleet is there when every partition has all of it', () => {
  const gathering = new Gathering(3)
  assert.deepEqual(gathering.observe(looks(3, 2), 0), {least: 2, isThere: false})
  assert.deepEqual(gathering.observe(looks(3, 3), 10), {least: 3, isThere: true})
})

test('some of it will do when nobody new comes for two seconds, but never nobody', () => {
  const gathering = new Gathering(3)
  assert.equal(gathering.observe(looks(2, 1), 0).isThere, false)
  assert.equal(gathering.observe(looks(2, 1), 1999).isThere, false)
  assert.equal(gathering.observe(looks(2, 2), 2000).isThere, false, 'somebody new has come')
  assert.equal(gathering.observe(looks(2, 2), 4000).isThere, true)
  assert.equal(gathering.observe(looks(2, 0), 4010).isThere, false)
  assert.equal(gathering.observe(looks(2, -1), 9000).isThere, false, 'a partition has lost the subscription')
  assert.equal(new Gathering(0).observe(looks(0), 0).isThere, false, 'no fleet was known before')
})

test('only brokers before 4.0 deliver twice to who joins, and only on Key_Shared', () => {
  assert.deepEqual(
    ['2.11.4', '3.0.7', '3.3.2', '4.0.0', '4.2.4', '5.0.0'].map((version) => joinsTwice(version, 'Key_Shared')),
    [true, true, true, false, false, false],
  )
  assert.equal(joinsTwice('3.0.7', 'Shared'), false)
})

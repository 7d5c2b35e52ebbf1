import assert from 'node:assert/strict'
import {test} from 'node:test'

import {ArrivalProof} from '../../../../src/domain/migration/proofs/arrival-proof.js'
import {mayDeliverTwiceOnJoin} from '../../../../src/domain/migration/double-delivery.js'

const looks = (...counts: number[]): Array<{stats: {consumers: object[]} | null}> =>
  counts.map((count) => ({stats: count < 0 ? null : {consumers: Array.from({length: count}, () => ({}))}}))

test('consumers have arrived when every partition has the expected number', () => {
  const arrival = new ArrivalProof(3)
  assert.deepEqual(arrival.observe(looks(3, 2), 0), {least: 2, hasArrived: false})
  assert.deepEqual(arrival.observe(looks(3, 3), 10), {least: 3, hasArrived: true})
})

test('fewer consumers are enough when none connects for two seconds, but never none', () => {
  const arrival = new ArrivalProof(3)
  assert.equal(arrival.observe(looks(2, 1), 0).hasArrived, false)
  assert.equal(arrival.observe(looks(2, 1), 1999).hasArrived, false)
  assert.equal(arrival.observe(looks(2, 2), 2000).hasArrived, false, 'a consumer has connected')
  assert.equal(arrival.observe(looks(2, 2), 4000).hasArrived, true)
  assert.equal(arrival.observe(looks(2, 0), 4010).hasArrived, false)
  assert.equal(arrival.observe(looks(2, -1), 9000).hasArrived, false, 'a partition no longer has the subscription')
  assert.equal(new ArrivalProof(0).observe(looks(0), 0).hasArrived, false, 'no consumers were known before')
})

test('only brokers before 4.0 may deliver twice when a consumer joins, and only on Key_Shared', () => {
  assert.deepEqual(
    ['2.11.4', '3.0.7', '3.3.2', '4.0.0', '4.2.4', '5.0.0'].map((version) =>
      mayDeliverTwiceOnJoin(version, 'Key_Shared'),
    ),
    [true, true, true, false, false, false],
  )
  assert.equal(mayDeliverTwiceOnJoin('3.0.7', 'Shared'), false)
})

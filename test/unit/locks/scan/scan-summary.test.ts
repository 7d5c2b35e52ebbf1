import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {LockRecord} from '../../../../src/domain/locks/recognition/lock-record.js'
import {compareVerdicts, LOCK_VERDICTS} from '../../../../src/domain/locks/recognition/lock-verdicts.js'
import {LockCounts} from '../../../../src/domain/locks/scan/scan-summary.js'
import {locks} from '../../../support/reports/lock-reports.js'

/** Locks in an order in which neither verdicts nor keys are sorted; 7919 is a prime, so every number occurs once. */
function shuffled(count: number): LockRecord[] {
  const [sample] = locks.locks
  assert.ok(sample)
  return Array.from({length: count}, (_, at) => {
    const number = (at * 7919) % count
    const verdict = LOCK_VERDICTS[number % LOCK_VERDICTS.length] ?? 'healthy'
    return {...sample, key: `lock:${String(number)}`, verdict, verdicts: [verdict]}
  })
}

for (const limit of [1, 2, 10, 999, 1000, 5000]) {
  test(`of 1,000 locks, the ${String(limit)} worst ones are kept, and all are counted`, () => {
    const counts = new LockCounts(limit)
    const all = shuffled(1000)
    for (const lock of all) counts.add(lock)
    const ranks = (some: readonly LockRecord[]): number[] => some.map(({verdict}) => LOCK_VERDICTS.indexOf(verdict))
    const worst = ranks(all).toSorted((a, b) => a - b)
    const kept = counts.list()
    assert.deepEqual(ranks(kept), worst.slice(0, limit))
    assert.deepEqual(
      kept,
      kept.toSorted((a, b) => compareVerdicts(a.verdict, b.verdict) || (a.key < b.key ? -1 : 1)),
    )
    assert.equal(new Set(kept).size, Math.min(limit, 1000))
    assert.equal(counts.count, 1000)
  })
}

import assert from 'node:assert/strict'
import {test} from 'node:test'

import {sparkline} from '../../../src/cli/render/sparkline.js'
import {parseUntil} from '../../../src/domain/backlog/until-condition.js'
import type {BacklogFigures, BacklogReport} from '../../../src/domain/backlog/backlog-report.js'
import {backlog} from '../../support/reports/reports.js'

const [row] = backlog.partitions
assert.ok(row)

function report(...rows: Array<Partial<BacklogFigures>>): BacklogReport {
  const partitions = rows.map(
    (figures, partition) => ({...row, partition, ...figures}) as BacklogReport['partitions'][number],
  )
  return {...backlog, partitions, total: {...backlog.total, ...rows[0]}}
}

const isMet = (condition: string, ...rows: Array<Partial<BacklogFigures>>): boolean =>
  parseUntil(condition).isMet(report(...rows))

test('drained: every partition is empty', () => {
  assert.equal(isMet('drained', {verdict: 'empty'}, {verdict: 'empty'}), true)
  assert.equal(isMet('drained', {verdict: 'empty'}, {verdict: 'draining'}), false)
  assert.equal(isMet('drained', {verdict: null}), false, 'unknown is not drained')
})

test('draining: the total shrinks or is empty', () => {
  assert.equal(isMet('draining', {verdict: 'draining'}), true)
  assert.equal(isMet('draining', {verdict: 'empty'}), true)
  for (const verdict of ['growing', 'stalled', 'steady', null] as const) {
    assert.equal(isMet('draining', {verdict}), false)
  }
})

test('age: no partition has an older message', () => {
  const old = {verdict: 'draining', oldestAgeMs: 31_000} as const
  assert.equal(isMet('age<30s', {verdict: 'empty', oldestAgeMs: null}, {...old, oldestAgeMs: 29_000}), true)
  assert.equal(isMet('age<30s', {verdict: 'empty', oldestAgeMs: null}, old), false)
  assert.equal(isMet('age<0.6m', old), true)
  assert.equal(isMet('age<30s', {...old, oldestAgeMs: null}), false, 'unknown is not young')
})

test('any other condition is refused', () => {
  for (const text of ['done', 'age<30', 'age>30s', 'age<s', '']) {
    assert.throws(() => parseUntil(text), {code: 'E_UNTIL'})
  }
})

test('bars range from 0 to the largest value and omit unknown values', () => {
  assert.equal(sparkline([0, 50, null, 100]), '▁▅ █')
  assert.equal(sparkline([0, 0]), '▁▁')
})

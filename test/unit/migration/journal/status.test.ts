import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {Direction, JournalEntry, JournalPhase} from '../../../../src/clients/journal/journal-store.js'
import {
  statusOf as fold,
  type LastHeartbeat,
  type MigrationStatus,
} from '../../../../src/domain/migration/journal/status.js'
import {following, request} from '../../../support/reports/journal-entries.js'
import {plan} from '../../../support/reports/reports.js'

const START = Date.parse('2026-11-23T14:00:00.000Z')
const NOW = new Date(START + 60_000)

type Line = readonly [
  step: string,
  phase: JournalPhase,
  afterMs: number,
  data?: Record<string, unknown>,
  leg?: Direction,
]

/** A journal that begins with its plan, and goes on with the lines given. */
function journal(...lines: Line[]): JournalEntry[] {
  const entries: JournalEntry[] = []
  for (const [step, phase, afterMs, data, direction] of [['run', 'intent', 0, {plan}] as Line, ...lines]) {
    const at = new Date(START + afterMs).toISOString()
    entries.push(following(entries, step, phase, data, {at, direction: direction ?? 'forward'}))
  }
  return entries
}

function foldStatus(entries: readonly JournalEntry[], life: LastHeartbeat | null = null): MigrationStatus {
  return fold('m', entries, [], life, NOW)
}

test('a run in its drain: what it waits for, the delivery pause up to now, and its process', () => {
  const status = foldStatus(
    journal(
      ['restrict-types', 'intent', 10],
      ['pause', 'intent', 990],
      ['pause', 'applied', 1000],
      ['drain', 'waiting', 6000, {waitingFor: 'acks from a'}],
    ),
  )
  assert.equal(status.state, 'running')
  assert.equal(status.step, 'drain')
  assert.equal(status.waitingFor, 'acks from a')
  assert.equal(status.gapMs, 59_000)
  assert.equal(status.runBy, 'ann@elsewhere pid 7')
  assert.equal(status.lastHeartbeat, new Date(START + 6000).toISOString())
  assert.equal(status.hasRestrictions, true)
  assert.equal(status.readyToCutOver, false)
})

test('the baseline before the pause does not count as the soak after the switch', () => {
  const status = foldStatus(journal(['restrict-types', 'verified', 10], ['soak', 'captured', 4000, {baseline: {}}]))
  assert.equal(status.step, 'restrict-types')
})

test('postponed: ready to cut over once its process only waits for that', () => {
  const postponed = journal(
    ['run', 'taken', 5, {requestId: 'r', verb: 'postpone', isAccepted: true}],
    ['restrict-types', 'intent', 10],
  )
  assert.equal(foldStatus(postponed).state, 'postponed')
  assert.equal(foldStatus(postponed).readyToCutOver, false)
  const life = {at: new Date(START + 9000).toISOString(), step: 'pause', waitingFor: 'cutover'}
  assert.equal(foldStatus(postponed, life).readyToCutOver, true)
  assert.equal(foldStatus(postponed, life).lastHeartbeat, life.at)
  const letGo = journal(
    ['run', 'taken', 5, {requestId: 'r', verb: 'postpone', isAccepted: true}],
    ['run', 'taken', 6, {requestId: 's', verb: 'cutover', isAccepted: true}],
  )
  assert.equal(foldStatus(letGo, life).state, 'running')
})

test('an unanswered request shows until it is answered or canceled', () => {
  const asked = [
    request('abort', 'r1'),
    request('postpone', 'r2'),
    request('cancel', 'r3', 'r2'),
    request('cutover', 'r4'),
  ]
  const answered = journal(['run', 'taken', 5, {requestId: 'r4', verb: 'cutover', isAccepted: false}])
  assert.deepEqual(
    fold('m', answered, asked, null, NOW).requests.map(({id, verb}) => [id, verb]),
    [['r1', 'abort']],
  )
})

test('a rollback after the switch has a delivery pause of its own, and the restriction shows until it is removed', () => {
  const there: Line[] = [
    ['restrict-types', 'intent', 500],
    ['pause', 'applied', 1000],
    ['switch-type', 'intent', 1200],
    ['verify-delivery', 'verified', 1500, {flowsSince: new Date(START + 1400).toISOString()}],
  ]
  const turned = foldStatus(journal(...there, ['run', 'intent', 9000, {reason: 'rollback by ann'}, 'rollback']))
  assert.deepEqual([turned.state, turned.gapMs, turned.hasRestrictions], ['rolling-back', null, true])
  const back: Line[] = [
    ['pause', 'applied', 10_000, {}, 'rollback'],
    ['verify-delivery', 'verified', 10_500, {flowsSince: new Date(START + 10_300).toISOString()}, 'rollback'],
    ['restore-types', 'verified', 10_600, {}, 'rollback'],
    ['run', 'closed', 10_700, {state: 'rolled-back'}, 'rollback'],
  ]
  const over = foldStatus(journal(...there, ...back))
  assert.deepEqual([over.state, over.gapMs, over.hasRestrictions], ['rolled-back', 300, false])
})

test('done: the delivery pause begins at the first pause and ends when delivery has resumed', () => {
  const flowsSince = new Date(START + 1640).toISOString()
  const lines: Line[] = [
    ['pause', 'applied', 1000],
    ['pause', 'applied', 1500],
    ['verify-delivery', 'verified', 2000, {flowsSince}],
    ['run', 'closed', 2100, {state: 'done'}],
  ]
  const status = foldStatus(journal(...lines))
  assert.equal(status.state, 'done')
  assert.equal(status.gapMs, 640)
  assert.equal(status.waitingFor, null)
})

test('rolled back: the delivery pause ends when the pause was undone; before the pause there is none', () => {
  const back: Line[] = [
    ['pause', 'applied', 1000],
    ['pause', 'undone', 1800],
    ['run', 'closed', 1900, {state: 'rolled-back'}],
  ]
  assert.equal(foldStatus(journal(...back)).gapMs, 800)
  assert.equal(foldStatus(journal(['restrict-types', 'intent', 5])).gapMs, null)
})

test('an empty journal gives an empty status', () => {
  const status = foldStatus([])
  assert.deepEqual([status.topic, status.runBy, status.startedAt, status.step], [null, null, null, null])
})

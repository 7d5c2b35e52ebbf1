import assert from 'node:assert/strict'
import {test} from 'node:test'

import {type JournalEntry, type JournalPhase, nextEntry} from '../../src/clients/journal/journal.js'
import {foldStatus} from '../../src/domain/migration/status.js'
import {plan} from '../support/reports.js'

const START = Date.parse('2026-11-23T14:00:00.000Z')
const NOW = new Date(START + 60_000)

type Line = readonly [step: string, phase: JournalPhase, afterMs: number, data?: Record<string, unknown>]

/** A journal that begins with its plan, and goes on with the lines given. */
function journal(...lines: Line[]): JournalEntry[] {
  const entries: JournalEntry[] = []
  for (const [step, phase, afterMs, data] of [['run', 'intent', 0, {plan}] as Line, ...lines]) {
    const at = new Date(START + afterMs).toISOString()
    const who = {user: 'ann', host: 'ops-1', pid: 7}
    entries.push(nextEntry(entries.at(-1), {migrationId: 'm', at, who, planDigest: 'd', step, phase, data: data ?? {}}))
  }
  return entries
}

test('a run in its drain: what it waits for, how long delivery is held so far, who runs it', () => {
  const status = foldStatus(
    'm',
    journal(
      ['fence', 'applied', 10],
      ['pause', 'applied', 1000],
      ['drain', 'waiting', 6000, {waitingFor: 'acks from a'}],
    ),
    NOW,
  )
  assert.equal(status.state, 'running')
  assert.equal(status.step, 'drain')
  assert.equal(status.waitingFor, 'acks from a')
  assert.equal(status.gapMs, 59_000)
  assert.equal(status.runBy, 'ann@ops-1 pid 7')
  assert.equal(status.lastHeartbeat, new Date(START + 6000).toISOString())
  assert.equal(status.isFenced, true)
  assert.equal(status.readyToCutOver, false)
})

test('drained and not yet switched: ready to cut over', () => {
  assert.equal(foldStatus('m', journal(['drain', 'verified', 10]), NOW).readyToCutOver, true)
  assert.equal(foldStatus('m', journal(['drain', 'verified', 10], ['evict', 'intent', 20]), NOW).readyToCutOver, false)
})

test('done: the gap ends where delivery ran again, and begins at the first pause', () => {
  const flowsSince = new Date(START + 1640).toISOString()
  const lines: Line[] = [
    ['pause', 'applied', 1000],
    ['pause', 'applied', 1500],
    ['resume', 'verified', 2000, {flowsSince}],
    ['run', 'closed', 2100, {state: 'done'}],
  ]
  const status = foldStatus('m', journal(...lines), NOW)
  assert.equal(status.state, 'done')
  assert.equal(status.gapMs, 640)
  assert.equal(status.waitingFor, null)
})

test('rolled back: the gap ends where the pause was undone; before the pause there is none', () => {
  const back: Line[] = [
    ['pause', 'applied', 1000],
    ['pause', 'undone', 1800],
    ['run', 'closed', 1900, {state: 'rolled-back'}],
  ]
  assert.equal(foldStatus('m', journal(...back), NOW).gapMs, 800)
  assert.equal(foldStatus('m', journal(['fence', 'intent', 5]), NOW).gapMs, null)
})

test('an empty journal knows nothing, and says so', () => {
  const status = foldStatus('m', [], NOW)
  assert.deepEqual([status.topic, status.runBy, status.startedAt, status.step], [null, null, null, null])
})

import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {ControlVerb, Direction, JournalEntry, JournalPhase} from '../../../../src/clients/journal/journal-store.js'
import {requestOutcome} from '../../../../src/domain/migration/journal/allowed-requests.js'
import {isPostponed, pausedSubscriptions} from '../../../../src/domain/migration/journal/history.js'
import {following} from '../../../support/reports/journal-entries.js'
import {plan} from '../../../support/reports/reports.js'

type Line = readonly [step: string, phase: JournalPhase, data?: Record<string, unknown>, more?: {direction: Direction}]

function journal(...lines: Line[]): JournalEntry[] {
  const entries: JournalEntry[] = []
  for (const line of lines) entries.push(following(entries, ...line))
  return entries
}

const BEGUN: Line = ['run', 'intent', {plan, isPostponed: false}]
const POSTPONED: Line = ['run', 'intent', {plan, isPostponed: true}]
const RESTRICTED: Line = ['restrict-types', 'intent']
const PAUSED: Line = ['pause', 'intent']
const SWITCHED: Line = ['switch-type', 'intent']
const ROLLING_BACK: Line = ['run', 'intent', {reason: 'asked'}, {direction: 'rollback'}]
const UNDOING: Line = ['run', 'undone', {reason: 'asked'}]
const closed = (state: string): Line => ['run', 'closed', {state}]

const STATES: Readonly<Record<string, JournalEntry[]>> = {
  begun: journal(BEGUN, RESTRICTED),
  postponed: journal(POSTPONED, RESTRICTED),
  paused: journal(BEGUN, RESTRICTED, PAUSED),
  switched: journal(BEGUN, RESTRICTED, PAUSED, SWITCHED),
  undoing: journal(BEGUN, RESTRICTED, PAUSED, UNDOING),
  'rolling back': journal(BEGUN, RESTRICTED, PAUSED, SWITCHED, ROLLING_BACK),
  done: journal(BEGUN, SWITCHED, closed('done')),
  'rolled back': journal(BEGUN, UNDOING, closed('rolled-back')),
  finished: journal(BEGUN, SWITCHED, closed('done'), closed('finished')),
}

/** The requests that are accepted in each state. */
const ACCEPTED: Readonly<Record<string, readonly ControlVerb[]>> = {
  begun: ['abort', 'postpone', 'rollback'],
  postponed: ['abort', 'cutover', 'postpone', 'rollback'],
  paused: ['abort', 'rollback'],
  switched: ['rollback'],
  undoing: [],
  'rolling back': [],
  done: ['rollback'],
  'rolled back': [],
  finished: [],
}

for (const [state, entries] of Object.entries(STATES)) {
  for (const verb of ['abort', 'cutover', 'postpone', 'rollback'] as const) {
    const isAccepted = ACCEPTED[state]?.includes(verb) ?? false
    test(`${verb} when ${state}: ${isAccepted ? 'accepted' : 'rejected with a reason'}`, () => {
      const answer = requestOutcome(verb, entries)
      assert.equal(answer.isAccepted, isAccepted)
      if (!answer.isAccepted) assert.match(answer.reason, /\w/)
    })
  }
}

test('a migration is postponed at its start or later, until a cutover is accepted', () => {
  const taken = (verb: string, isAccepted = true): Line => ['run', 'taken', {verb, isAccepted, requestId: verb}]
  assert.equal(isPostponed(journal(BEGUN)), false)
  assert.equal(isPostponed(journal(POSTPONED)), true)
  assert.equal(isPostponed(journal(BEGUN, taken('postpone'))), true)
  assert.equal(isPostponed(journal(BEGUN, taken('postpone', false))), false)
  assert.equal(isPostponed(journal(POSTPONED, taken('cutover'))), false)
  assert.equal(isPostponed(journal(POSTPONED, taken('cutover'), taken('postpone'))), true)
})

test('paused subscriptions: from the intent to pause until the pause has ended', () => {
  assert.deepEqual(pausedSubscriptions(journal(BEGUN, RESTRICTED)), [])
  assert.deepEqual(pausedSubscriptions(STATES['paused'] ?? []), ['decision'])
  assert.deepEqual(pausedSubscriptions(journal(BEGUN, PAUSED, ['pause', 'undone'])), [])
  assert.deepEqual(pausedSubscriptions(journal(BEGUN, PAUSED, ['switch-type', 'applied'])), [])
  const blueGreen = {...plan, strategy: 'blue-green', newSubscription: 'new'}
  const begun: Line = ['run', 'intent', {plan: blueGreen}]
  const turned = journal(
    begun,
    PAUSED,
    ['switch-subscription', 'intent'],
    ['pause', 'intent', {}, {direction: 'rollback'}],
  )
  assert.deepEqual(pausedSubscriptions(turned), ['decision', 'new'])
  assert.deepEqual(pausedSubscriptions(journal(begun, PAUSED, ['switch-subscription', 'applied'])), [])
  const opened = journal(begun, PAUSED, ['block-auto-create', 'applied', {}, {direction: 'rollback'}])
  assert.deepEqual(pausedSubscriptions(opened), [])
})

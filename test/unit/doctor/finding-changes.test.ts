import assert from 'node:assert/strict'
import {test} from 'node:test'

import type {Diagnosis} from '../../../src/domain/doctor/diagnose.js'
import type {DoctorFinding} from '../../../src/domain/doctor/facts/doctor-finding.js'
import {FindingChanges} from '../../../src/domain/doctor/finding-changes.js'
import {diagnosis} from '../../support/reports/doctor-reports.js'

const COMPLETE: Diagnosis = {...diagnosis, complete: true, failed: []}
const [FIRST = assert.fail(), ...OTHERS] = COMPLETE.findings

function next(changes: FindingChanges, round: Diagnosis): string[] {
  return changes.next(round).map(({change, finding}) => `${change} ${finding.code} ${finding.subject.subscription}`)
}

test('the first diagnosis reports every finding, the next ones only what appeared or is resolved', () => {
  const changes = new FindingChanges()
  assert.equal(next(changes, COMPLETE).length, COMPLETE.findings.length)
  assert.deepEqual(next(changes, COMPLETE), [])
  assert.deepEqual(next(changes, {...COMPLETE, findings: OTHERS}), ['resolved draining-slot-blocked decision'])
  assert.deepEqual(next(changes, COMPLETE), ['appeared draining-slot-blocked decision'])
})

test('a finding with other numbers, partitions or slots is the same; with another severity or consumer it is not', () => {
  const withSubject = (subject: Partial<DoctorFinding['subject']>): Diagnosis => ({
    ...COMPLETE,
    findings: [{...FIRST, message: 'other numbers', subject: {...FIRST.subject, ...subject}}],
  })
  const changes = new FindingChanges()
  changes.next({...COMPLETE, findings: [FIRST]})
  assert.deepEqual(next(changes, withSubject({partitions: [3, 4], slot: 7})), [])
  assert.equal(next(changes, withSubject({consumers: [{name: 'worker-9', address: null}]})).length, 2)
  assert.equal(next(changes, {...COMPLETE, findings: [{...FIRST, severity: 'warn'}]}).length, 2)
})

test('a finding of a subscription that was not read is neither resolved nor reported again', () => {
  const changes = new FindingChanges()
  changes.next({...COMPLETE, findings: [FIRST]})
  assert.deepEqual(next(changes, {...COMPLETE, complete: false, checked: [], findings: []}), [])
  assert.deepEqual(next(changes, {...COMPLETE, findings: [FIRST]}), [])
  assert.equal(next(changes, {...COMPLETE, complete: false, findings: []}).length, 1, 'it was read, and is resolved')
})

test('a finding of a deleted subscription is resolved', () => {
  const changes = new FindingChanges()
  changes.next({...COMPLETE, findings: [FIRST]})
  assert.equal(next(changes, {...COMPLETE, checked: [], findings: []}).length, 1)
})

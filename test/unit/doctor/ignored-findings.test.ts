import assert from 'node:assert/strict'
import {readdir, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {test} from 'node:test'

import {FINDING_CODES} from '../../../src/finding-codes.js'
import {isIgnored, parseIgnored} from '../../../src/domain/doctor/ignored-findings.js'
import {Usage} from '../../../src/errors.js'
import {diagnosis} from '../../support/reports/doctor-reports.js'
import {ROOT} from '../../support/root.js'

const RULES = join(ROOT, 'src', 'domain', 'doctor', 'rules')

test('the list of codes has the code of every rule, and no other', async () => {
  const sources = await Promise.all((await readdir(RULES)).map((name) => readFile(join(RULES, name), 'utf8')))
  const lines = sources.flatMap((source) => source.split('\n').filter((line) => /\bcode: /.test(line)))
  const codes = lines.flatMap((line) => [...line.matchAll(/'([a-z]+(?:-[a-z]+)+)'/g)].map(([, code]) => code))
  assert.deepEqual([...new Set(codes)].toSorted(), [...FINDING_CODES])
})

test('a code is ignored for every subscription, or for one whose name may contain a colon', () => {
  const [draining, ofAudit, ofDecision] = diagnosis.findings
  assert.ok(draining && ofAudit && ofDecision)
  const everywhere = parseIgnored('consumer-without-permits')
  const ofOne = parseIgnored('consumer-without-permits:audit')
  assert.deepEqual(
    [draining, ofAudit, ofDecision].map((one) => isIgnored(one, [everywhere])),
    [false, true, true],
  )
  assert.deepEqual(
    [draining, ofAudit, ofDecision].map((one) => isIgnored(one, [ofOne])),
    [false, true, false],
  )
  assert.deepEqual(parseIgnored('hot-key:a:b'), {code: 'hot-key', subscription: 'a:b'})
})

test('an unknown code is refused with the nearest one', () => {
  assert.throws(
    () => parseIgnored('no-consumer:audit'),
    (error) =>
      error instanceof Usage && error.code === 'E_FINDING_CODE' && error.message.includes('did you mean no-consumers'),
  )
  assert.throws(() => parseIgnored('qqqqqq'), /the codes are ack-holes-near-limit, /)
})

import assert from 'node:assert/strict'
import {test} from 'node:test'

import {EVIDENCE_WORDS, evidenceText} from '../../../../src/cli/render/evidence.js'
import {diagnose} from '../../../../src/domain/doctor/diagnose.js'
import {NEGATIVE_PERMITS, REPLAYS, snapshotOf, worker} from '../../../support/faults/fault-replays.js'
import {diagnosis} from '../../../support/reports/doctor-reports.js'
import {explanation} from '../../../support/reports/why-report.js'

const AS_OF = '2026-01-02T03:04:05.000Z'

const TEXTS: ReadonlyArray<readonly [field: string, value: string, text: string]> = [
  ['oldestAgeMs', '83458', 'oldest message: 83 s old'],
  ['oldestAgeMs', 'unknown', 'oldest message: unknown'],
  ['heldAtLeastMs', '26000', 'lock held: at least 26 s'],
  ['ttlMs', 'none', 'lock TTL: never expires'],
  ['ttlMs', '21000', 'lock TTL: 21 s'],
  ['relation', 'no-consumer', 'relation: the holder is not a consumer'],
  ['unackedMessages (partition 3)', '12345', 'unacked messages on partition 3: 12,345'],
  ['type (partition 0)', 'Key_Shared STICKY', 'subscription type on partition 0: Key_Shared STICKY'],
  ['drainingHashes[4711].unackMsgs', '2', 'unacked messages of slot 4711: 2'],
  ['drainingHashes[4711].blockedAttempts', '1500', 'blocked deliveries of slot 4711: 1,500'],
  ['msgBacklog', '9999 → 10000', 'backlog entries: 9,999 → 10,000'],
  ['availablePermits', 'app-2024 1000', 'permits: app-2024 1000'],
  ['availablePermits', '-177', 'permits: -177'],
  ['backlogSize', '5300000', 'backlog size: 5.3 MB'],
  ['messageTTL', '86400 s', 'message TTL: 24 h'],
  ['earliestMsgPublishTimeInBacklog', '7300 s ago', 'oldest message published: 2 h ago'],
  ['lastAckedTimestamp', '2026-01-02T03:02:35.000Z', 'last ack: 90 s ago'],
  ['lastConsumedTimestamp', 'never', 'last delivery: never'],
  ['blockedConsumerOnUnackedMsgs', 'true', 'blocked at the unacked-message limit of the consumer: yes'],
]

for (const [field, value, text] of TEXTS) {
  test(`${field} = ${value} is printed in words with its unit`, () => {
    assert.equal(evidenceText({field, value}, AS_OF), text)
  })
}

test('no words of a field are the name of a broker field or contain its unit', () => {
  for (const [field, {name}] of Object.entries(EVIDENCE_WORDS)) {
    assert.doesNotMatch(name, /[a-z][A-Z]|Ms$|Timestamp|\[/, field)
  }
})

test('every field that findings and explanations name has words', () => {
  const held = snapshotOf({
    ...{msgBacklog: 40, unackedMessages: 5, nonContiguousDeletedMessagesRanges: 9500},
    consumers: [worker('a', {unackedMessages: 5, lastAckedTimestamp: 1})],
  })
  const findings = [
    ...diagnosis.findings,
    ...[...REPLAYS.map(({sample}) => snapshotOf(sample)), snapshotOf(NEGATIVE_PERMITS), held].flatMap(
      (snapshot) => diagnose(snapshot, 30_000).findings,
    ),
  ]
  const named = [...findings, ...explanation.chain].flatMap(({evidence}) => evidence)
  assert.ok(named.length > 10)
  assert.deepEqual(
    named.filter(({field, value}) => evidenceText({field, value}, AS_OF).startsWith(`${field}: `) && !isWord(field)),
    [],
  )
})

/** A field whose own name is made of words already. */
function isWord(field: string): boolean {
  return /^[a-z]+(?: [a-z]+)*$/.test(field)
}

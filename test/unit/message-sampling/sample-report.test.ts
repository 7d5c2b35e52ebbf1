import assert from 'node:assert/strict'
import {test} from 'node:test'

import {renderSample} from '../../../src/cli/render/keys/message-sample.js'
import {SampleCounts} from '../../../src/domain/message-sampling/sample-counts.js'
import {type KeySample, sampleReport} from '../../../src/domain/message-sampling/sample-report.js'
import {parseTopicName} from '../../../src/topic-name.js'

/** A sample without entries of a topic with this number of partitions; null for a plain topic. */
function reportOf(partitionCount: number | null): KeySample {
  const collected = {topic: parseTopicName('orders'), subscription: 's', partitionCount, partitions: []}
  const sample = {backlogEntries: 0, chosenEntries: 0, skippedEntries: 0, unreadableEntries: 0, isTimeOver: false}
  return sampleReport(
    {...sample, counts: new SampleCounts(), source: 'websocket'},
    {collected, where: 'spread', top: 1, directory: null},
  )
}

test('keys on several partitions are counted only on a topic with several partitions', () => {
  for (const count of [null, 1]) {
    const report = reportOf(count)
    assert.equal(report.keysOnSeveralPartitions, null)
    assert.doesNotMatch(renderSample(report), /several partitions/)
  }
  assert.equal(reportOf(2).keysOnSeveralPartitions, 0)
  assert.match(renderSample(reportOf(2)), /keys on several partitions +0$/m)
})

test('what the source of the sample does not show is unknown, not 0', () => {
  const {compression, delayedEntries, encryptedEntries, orderingKeyMessages} = reportOf(null)
  assert.deepEqual([compression, delayedEntries, encryptedEntries, orderingKeyMessages], [null, null, null, null])
})

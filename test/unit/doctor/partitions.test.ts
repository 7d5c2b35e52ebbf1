import assert from 'node:assert/strict'
import {test} from 'node:test'

import {diagnose} from '../../../src/domain/doctor/diagnose.js'
import type {TopicSample} from '../../../src/domain/doctor/facts/diagnosis-snapshot.js'
import {snapshotOf, worker} from '../../support/faults/fault-replays.js'

test('a subscription that is missing on many partitions: all are named, with a command for the first', () => {
  const snapshot = snapshotOf({type: 'Shared', msgBacklog: 0, consumers: [worker('a', {})]})
  const onOneOf = (sample: TopicSample, partitions: number): TopicSample => ({
    ...sample,
    partitions: sample.partitions.flatMap((row) =>
      Array.from({length: partitions}, (_, partition) => ({
        ...row,
        partition,
        subscriptions: partition === 0 ? row.subscriptions : {},
      })),
    ),
  })
  const findingOn = (partitions: number): {commands: number; partitions: number[]} | null => {
    const topics = snapshot.topics.map((topic) => {
      const [first, last] = topic.samples
      return {
        ...topic,
        partitionCount: partitions,
        samples: [onOneOf(first, partitions), onOneOf(last, partitions)] as const,
      }
    })
    const [found] = diagnose({...snapshot, topics}, 30_000).findings.filter(
      ({code}) => code === 'subscription-missing-on-partitions',
    )
    const commands = found?.remedies.filter(({command}) => command.startsWith('pulsar-admin ')).length ?? 0
    return found ? {commands, partitions: found.subject.partitions} : null
  }
  assert.equal(findingOn(1), null)
  assert.deepEqual(findingOn(3), {commands: 1, partitions: [1, 2]})
  assert.deepEqual(findingOn(6), {commands: 1, partitions: [1, 2, 3, 4, 5]})
})

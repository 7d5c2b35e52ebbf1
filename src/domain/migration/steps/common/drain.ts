import {type CursorSample, DrainProof, type PauseProof, ReplayProof} from '../../proofs/drain-proof.js'
import {counted, numberText} from '../../../../wording.js'
import {type WaitStep, passed, waitingFor} from '../step.js'
import {switchPositionOf} from '../../broker/switch-position.js'
import {partitionLabels, requireCursors} from '../../broker/collect-samples.js'
import type {ThrottledReads} from '../step-records.js'

/**
 * Waits for the proof that every message delivered before the pause is acknowledged, on every partition. Messages that were
 * read and not delivered are delivered now: later messages are acknowledged already, and a moved cursor would lose that.
 */
export const drain: WaitStep<'drain'> = {
  kind: 'wait',
  id: 'drain',
  timeout: 'drain',
  hooks: {'in-place': {after: ['drained']}, 'blue-green': {after: ['drained']}},
  title: () => 'wait until every delivered message is acked, on every partition',
  verifier(context) {
    const {throttledReads} = context.captured('pause')
    // After a crash, reads that were throttled long ago prove nothing: count from the first sample.
    let rowOf = (sample: CursorSample): PartitionWatch => {
      const before = context.isResumed ? sample.throttledReads : countBefore(sample, throttledReads)
      return new PartitionWatch(new DrainProof(before))
    }
    let rows = new Map<number | null, PartitionWatch>()
    let hasHandedOut = false
    return async () => {
      const samples = await requireCursors(context, context.direction.source)
      for (const sample of samples) if (!rows.has(sample.partition)) rows.set(sample.partition, rowOf(sample))
      const states = samples.map((sample) => ({sample, ...rows.get(sample.partition)?.observe(sample)}))
      const open = states.filter(({proof}) => !proof).map(({sample}) => sample)
      const replay = Math.max(0, ...states.map(({replayMessages}) => replayMessages ?? 0))
      if (replay > 0 || (open.length === 0 && hasHandedOut)) {
        await context.policies.pause(context.direction.source, Math.max(1, replay))
        hasHandedOut = replay > 0
        const delivered = new Map(samples.map((sample) => [sample.partition, sample.deliveredMessages]))
        rowOf = (sample) =>
          new PartitionWatch(new DrainProof(sample.throttledReads, delivered.get(sample.partition) ?? null))
        rows = new Map()
        return waitingFor(
          replay > 0
            ? `the delivery of ${counted(replay, 'message')} read before the pause`
            : 'the renewed pause to take effect',
        )
      }
      if (open.length > 0) return waitingFor(blockers(open))
      return passed({
        partitions: states.flatMap(({proof, sample}) =>
          proof ? [{...switchPositionOf(sample), pauseProof: proof}] : [],
        ),
      })
    }
  },
}

/** The proofs of one partition since the pause was set last. */
class PartitionWatch {
  private readonly drain: DrainProof
  private readonly replay = new ReplayProof()

  constructor(drain: DrainProof) {
    this.drain = drain
  }

  observe(sample: CursorSample): {proof: PauseProof | null; replayMessages: number} {
    return {proof: this.drain.observe(sample), replayMessages: this.replay.observe(sample)}
  }
}

function countBefore({partition}: CursorSample, before: readonly ThrottledReads[]): number | null {
  return before.find((row) => row.partition === partition)?.count ?? null
}

/** The consumers with unacked messages, the largest number first; without any, the partitions that lack a proof. */
function blockers(open: readonly CursorSample[]): string {
  const counts = new Map<string, number>()
  for (const {consumer, unackedMessages} of open.flatMap(({unackedConsumers}) => unackedConsumers)) {
    counts.set(consumer, (counts.get(consumer) ?? 0) + unackedMessages)
  }
  if (counts.size === 0) {
    return `proof that delivery is paused on ${partitionLabels(open)}`
  }
  const names = [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} (${numberText(count)} unacked)`)
  return `acks from ${names.join(', ')}`
}

import {type CursorLook, DrainWatch, type HeldProof, ReplayWatch} from '../../proofs/drain-proof.js'
import {done, type MigrationStep, waiting} from '../step.js'
import {handOver} from '../../broker/switch-position.js'
import {lookAtCursors, partitionLabels} from '../../broker/collect-samples.js'

type DrainCapture = {throttledReads: Array<{partition: number | null; count: number | null}>}

/**
 * Waits for the proof that every message delivered before the pause is acknowledged, on every partition. Messages that
 * were read and not delivered are handed out on the way: behind them others are acknowledged already, and a cursor that
 * is moved would forget that.
 */
export const drain: MigrationStep<DrainCapture> = {
  id: 'drain',
  isWatching: true,
  capture(context) {
    const {throttledReads} = context.captured('pause') as Partial<DrainCapture>
    return Promise.resolve({throttledReads: throttledReads ?? []})
  },
  apply() {
    return Promise.resolve({}) // changes nothing: the consumers do the work
  },
  verifier(context, {throttledReads}) {
    // After a crash reads held back long ago prove nothing: count from the first look.
    let rowOf = (look: CursorLook): PartitionWatch => {
      const before = context.isResumed ? look.throttledReads : countBefore(look, throttledReads)
      return new PartitionWatch(new DrainWatch(before))
    }
    let rows = new Map<number | null, PartitionWatch>()
    let hasHandedOut = false
    return async () => {
      const looks = await lookAtCursors(context, context.leg.source)
      for (const look of looks) if (!rows.has(look.partition)) rows.set(look.partition, rowOf(look))
      const states = looks.map((look) => ({look, ...rows.get(look.partition)?.observe(look)}))
      const open = states.filter(({proof}) => !proof).map(({look}) => look)
      const replay = Math.max(0, ...states.map(({replayMessages}) => replayMessages ?? 0))
      if (replay > 0 || (open.length === 0 && hasHandedOut)) {
        await context.policies.hold(context.leg.source, Math.max(1, replay))
        hasHandedOut = replay > 0
        const delivered = new Map(looks.map((look) => [look.partition, look.deliveredMessages]))
        rowOf = (look) => new PartitionWatch(new DrainWatch(look.throttledReads, delivered.get(look.partition) ?? null))
        rows = new Map()
        return waiting(
          replay > 0 ? `${String(replay)} messages that were read and not delivered` : 'the hold to take effect again',
        )
      }
      if (open.length > 0) return waiting(blockers(open))
      return done({
        partitions: states.map(({look, proof}) => ({...handOver(look), heldProof: proof})),
      })
    }
  },
  undo() {
    return Promise.resolve()
  },
}

/** What is watched of one partition since the hold was set last. */
class PartitionWatch {
  private readonly drain: DrainWatch
  private readonly replay = new ReplayWatch()

  constructor(drain: DrainWatch) {
    this.drain = drain
  }

  observe(look: CursorLook): {proof: HeldProof | null; replayMessages: number} {
    return {proof: this.drain.observe(look), replayMessages: this.replay.observe(look)}
  }
}

function countBefore({partition}: CursorLook, before: DrainCapture['throttledReads']): number | null {
  return before.find((row) => row.partition === partition)?.count ?? null
}

/** Who still has to acknowledge, the most first; when nobody has, what proof is missing where. */
function blockers(open: readonly CursorLook[]): string {
  const counts = new Map<string, number>()
  for (const {consumer, unackedMessages} of open.flatMap(({holders}) => holders)) {
    counts.set(consumer, (counts.get(consumer) ?? 0) + unackedMessages)
  }
  if (counts.size === 0) {
    return `proof that delivery is held on ${partitionLabels(open)}`
  }
  const names = [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} (${String(count)} unacked)`)
  return `acknowledgements from ${names.join(', ')}`
}

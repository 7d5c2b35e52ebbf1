import type {CursorSample} from '../../proofs/drain-proof.js'
import {isBefore} from '../../../../position.js'
import {type MigrationStep, passed, type StepContext, waitingFor} from '../step.js'
import {drainedCursors} from '../../broker/drained-cursors.js'
import {
  deliveredSince,
  later,
  mayDeliverOneMore,
  type ProvenSwitchPosition,
  type SwitchPosition,
  switchPositionOf,
} from '../../broker/switch-position.js'
import {consumersOf, partitionLabels, sampleSubscription} from '../../broker/collect-samples.js'
import {createAt, deleteOn, resetTo, type SubscriptionIdentity} from '../../broker/subscription-placement.js'

type DisconnectCapture = {partitions: SwitchPosition[]; identity: SubscriptionIdentity}

/**
 * Disconnects the subscription's consumers without moving its cursor, and touches no neighbour: they come back by
 * themselves, and the fence refuses them.
 *
 * A reset of the drained cursor to where it stands does it, but on Failover that disconnects the active consumer only,
 * and leaves the rest without one: there the subscription is made anew at the same position.
 */
export const disconnect: MigrationStep<DisconnectCapture> = {
  id: 'disconnect',
  async capture(context) {
    const {identity} = context.captured('pause') as {identity: SubscriptionIdentity}
    const partitions = context.verified('drain')['partitions'] as ProvenSwitchPosition[]
    // Once deleted, its position is in the journal alone.
    const mayHaveMoved = context.direction.from === 'Failover' && partitions.some(mayDeliverOneMore)
    return {partitions: mayHaveMoved ? (await drainedCursors(context)).map(switchPositionOf) : partitions, identity}
  },
  async apply(context, captured, isAgain) {
    const recreates = context.direction.from === 'Failover'
    const samples = await drainedCursors(context)
    await restorePositions(context, samples, captured.partitions, recreates && isAgain)
    const attended = samples.filter(({consumers}) => consumers > 0)
    const partitions = captured.partitions.map((row) => later(row, attended))
    if (recreates) await recreate(context, samples, partitions, captured.identity)
    else await resetTo(context, context.direction.source, attended.map(switchPositionOf))
    return {partitions}
  },
  verifier(context, captured, applied) {
    const partitions = (applied?.['partitions'] as SwitchPosition[] | undefined) ?? captured.partitions
    return async () => {
      const samples = await sampleSubscription(context, context.direction.source)
      const lost = samples.filter(({stats}) => stats === null)
      if (lost.length > 0)
        return waitingFor(`${context.direction.source} to be there again on ${partitionLabels(lost)}`)
      const left = samples.filter(({stats}) => consumersOf(stats) > 0)
      if (left.length > 0) return waitingFor(`${context.direction.from} consumers to leave ${partitionLabels(left)}`)
      return passed({atRisk: deliveredSince(partitions, samples)})
    }
  },
  /** The old consumers come back by themselves once they may; what was being made anew has to be there for them. */
  async undo(context, {identity, partitions}) {
    const samples = await sampleSubscription(context, context.direction.source)
    const lost = samples.filter(({stats}) => stats === null).map(({partition}) => partition)
    await createAt(
      context,
      context.direction.source,
      partitions.filter(({partition}) => lost.includes(partition)),
      identity,
    )
  },
}

/**
 * Moves the cursors of partitions that nobody is connected to any more to where they stood: a broker may have forgotten
 * part of its way, and one that a try before has made anew may never have been placed.
 */
async function restorePositions(
  context: StepContext,
  samples: readonly CursorSample[],
  switchPositions: readonly SwitchPosition[],
  isRecreated: boolean,
): Promise<void> {
  const moved = switchPositions.filter(({markDelete, partition}) => {
    const sample = samples.find((row) => row.partition === partition)
    if (sample?.consumers !== 0) return false
    const now = sample.cursor.markDeletePosition
    return isRecreated ? now !== markDelete : isBefore(now, markDelete)
  })
  await resetTo(context, context.direction.source, moved)
}

/** The keeper that the fence has made holds the messages meanwhile. */
async function recreate(
  context: StepContext,
  samples: readonly CursorSample[],
  switchPositions: readonly SwitchPosition[],
  identity: SubscriptionIdentity,
): Promise<void> {
  const isRecreated = (row: SwitchPosition): boolean =>
    samples.some(({consumers, partition}) => partition === row.partition && consumers === 0)
  const left = switchPositions.filter((row) => !isRecreated(row))
  await deleteOn(context, context.direction.source, left)
  await createAt(context, context.direction.source, left, identity)
}

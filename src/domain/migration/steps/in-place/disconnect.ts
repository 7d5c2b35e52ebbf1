import type {CursorSample} from '../../proofs/drain-proof.js'
import {isBefore} from '../../../../position.js'
import {type ChangeStep, passed, type StepContext, waitingFor} from '../step.js'
import {drainedCursors} from '../../broker/drained-cursors.js'
import {
  deliveredSince,
  later,
  mayDeliverOneMore,
  type SwitchPosition,
  switchPositionOf,
} from '../../broker/switch-position.js'
import {consumersOf, partitionLabels, sampleSubscription} from '../../broker/collect-samples.js'
import {createAt, deleteOn, resetTo, type SubscriptionIdentity} from '../../broker/subscription-placement.js'

/**
 * Disconnects the subscription's consumers without moving its cursor and without an effect on other subscriptions. The
 * consumers reconnect on their own, and the type restriction refuses them.
 *
 * A reset of the drained cursor to its own position does that. On Failover it would disconnect the active consumer only,
 * and no other would become active: there the subscription is recreated at the same position.
 */
export const disconnect: ChangeStep<'disconnect'> = {
  kind: 'change',
  id: 'disconnect',
  timeout: 'policy',
  hooks: {'in-place': {before: 'stop-old'}},
  title: ({from}) => `disconnect the ${from} consumers without moving the cursor`,
  async capture(context) {
    const {identity} = context.captured('pause')
    const {partitions} = context.verified('drain')
    // Once the subscription is deleted, only the journal has its position.
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
    const partitions = applied?.partitions ?? captured.partitions
    return async () => {
      const samples = await sampleSubscription(context, context.direction.source)
      const lost = samples.filter(({stats}) => stats === null)
      if (lost.length > 0)
        return waitingFor(`the recreation of ${context.direction.source} on ${partitionLabels(lost)}`)
      const left = samples.filter(({stats}) => consumersOf(stats) > 0)
      if (left.length > 0)
        return waitingFor(`the consumers of type ${context.direction.from} to disconnect from ${partitionLabels(left)}`)
      return passed({atRisk: deliveredSince(partitions, samples)})
    }
  },
  /** The old consumers reconnect on their own once they are allowed; a subscription that was deleted is recreated for them. */
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
 * Resets the cursors of partitions without consumers to the switch position: a killed broker may have lost acknowledgments,
 * and a subscription that an earlier attempt recreated may not have been positioned.
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

/** Until it exists again, the retention subscription, which restrict-types has created, retains the messages. */
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

import type {CursorLook} from '../../proofs/drain-proof.js'
import {isBefore} from '../../../../position.js'
import {done, type MigrationStep, type StepContext, waiting} from '../step.js'
import {drainedCursors} from '../../broker/drained-cursors.js'
import {
  deliveredSince,
  type HandOver,
  handOver,
  latest,
  mayStillDeliver,
  type ProvenHandOver,
} from '../../broker/switch-position.js'
import {consumersOf, lookAtSubscription, partitionLabels} from '../../broker/collect-samples.js'
import {deleteOn, makeAt, placeAt, type SubscriptionIdentity} from '../../broker/subscription-placement.js'

type EvictCapture = {partitions: HandOver[]; identity: SubscriptionIdentity}

/**
 * Disconnects the subscription's consumers without moving its cursor, and touches no neighbour: they come back by
 * themselves, and the fence refuses them.
 *
 * A reset of the drained cursor to where it stands does it, but on Failover that disconnects the active consumer only,
 * and leaves the rest without one: there the subscription is made anew at the same position.
 */
export const evict: MigrationStep<EvictCapture> = {
  id: 'evict',
  async capture(context) {
    const {identity} = context.captured('pause') as {identity: SubscriptionIdentity}
    const partitions = context.verified('drain')['partitions'] as ProvenHandOver[]
    // Once deleted, its position is in the journal alone.
    const mayHaveMoved = context.leg.from === 'Failover' && partitions.some(mayStillDeliver)
    return {partitions: mayHaveMoved ? (await drainedCursors(context)).map(handOver) : partitions, identity}
  },
  async apply(context, captured, isAgain) {
    const isRenewing = context.leg.from === 'Failover'
    const looks = await drainedCursors(context)
    await remind(context, looks, captured.partitions, isRenewing && isAgain)
    const attended = looks.filter(({consumers}) => consumers > 0)
    const partitions = captured.partitions.map((row) => latest(row, attended))
    if (isRenewing) await renew(context, looks, partitions, captured.identity)
    else await placeAt(context, context.leg.source, attended.map(handOver))
    return {partitions}
  },
  verifier(context, captured, applied) {
    const partitions = (applied?.['partitions'] as HandOver[] | undefined) ?? captured.partitions
    return async () => {
      const looks = await lookAtSubscription(context, context.leg.source)
      const lost = looks.filter(({stats}) => stats === null)
      if (lost.length > 0) return waiting(`${context.leg.source} to be there again on ${partitionLabels(lost)}`)
      const left = looks.filter(({stats}) => consumersOf(stats) > 0)
      if (left.length > 0) return waiting(`${context.leg.from} consumers to leave ${partitionLabels(left)}`)
      return done({atRisk: deliveredSince(partitions, looks)})
    }
  },
  /** The old consumers come back by themselves once they may; what was being made anew has to be there for them. */
  async undo(context, {identity, partitions}) {
    const looks = await lookAtSubscription(context, context.leg.source)
    const lost = looks.filter(({stats}) => stats === null).map(({partition}) => partition)
    await makeAt(
      context,
      context.leg.source,
      partitions.filter(({partition}) => lost.includes(partition)),
      identity,
    )
  },
}

/**
 * Moves the cursors of partitions that nobody is connected to any more to where they stood: a broker may have forgotten
 * part of its way, and one that a try before has made anew may never have been placed.
 */
async function remind(
  context: StepContext,
  looks: readonly CursorLook[],
  handedOver: readonly HandOver[],
  isMadeAnew: boolean,
): Promise<void> {
  const astray = handedOver.filter(({markDelete, partition}) => {
    const look = looks.find((row) => row.partition === partition)
    if (look?.consumers !== 0) return false
    const now = look.cursor.markDeletePosition
    return isMadeAnew ? now !== markDelete : isBefore(now, markDelete)
  })
  await placeAt(context, context.leg.source, astray)
}

/** The keeper that the fence has made holds the messages meanwhile. */
async function renew(
  context: StepContext,
  looks: readonly CursorLook[],
  handedOver: readonly HandOver[],
  identity: SubscriptionIdentity,
): Promise<void> {
  const isRenewed = (row: HandOver): boolean =>
    looks.some(({consumers, partition}) => partition === row.partition && consumers === 0)
  const left = handedOver.filter((row) => !isRenewed(row))
  await deleteOn(context, context.leg.source, left)
  await makeAt(context, context.leg.source, left, identity)
}

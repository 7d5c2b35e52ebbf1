import {setTimeout as delay} from 'node:timers/promises'

import type {SubscriptionStats} from '../../../clients/pulsar-admin/types.js'
import {Conflict} from '../../../errors.js'
import {type CursorLook, isBefore} from '../drain.js'
import {done, type MigrationStep, type StepContext, waiting} from '../step.js'
import {drainedCursors} from './drain.js'
import {deliveredSince, type HandOver, handOver, latest} from './hand-over.js'
import {consumersOf, lookAtSubscription, partitionLabels} from './look.js'
import {deleteOn, makeAt, placeAt, type SubscriptionIdentity} from './make.js'

type EvictCapture = {partitions: HandOver[]; identity: SubscriptionIdentity}

const EVICT_MS = 15_000

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
    if (context.leg.from === 'Failover') return {partitions: (await drainedCursors(context)).map(handOver), identity}
    return {partitions: context.verified('drain')['partitions'] as HandOver[], identity}
  },
  async apply(context, captured) {
    const deadline = Date.now() + EVICT_MS
    let handedOver = captured.partitions
    for (;;) {
      const looks = await drainedCursors(context)
      await remind(context, looks, handedOver)
      // What was made anew by a try before, and nobody has connected to, may not stand where it should yet.
      const attended = looks.filter(({consumers}) => consumers > 0)
      handedOver = handedOver.map((row) => latest(row, attended))
      if (context.leg.from === 'Failover') await renew(context, captured, handedOver)
      else await placeAt(context, context.leg.source, attended.map(handOver))
      const left = await stillConnected(context)
      if (left.length === 0) return {partitions: handedOver}
      if (Date.now() > deadline) {
        throw new Conflict('E_COME_BACK', `${context.leg.from} consumers keep coming back on ${partitionLabels(left)}`)
      }
      await delay(20)
    }
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

/** Moves a cursor that a broker has forgotten part of to where it stood; nobody is connected there any more. */
async function remind(
  context: StepContext,
  looks: readonly CursorLook[],
  handedOver: readonly HandOver[],
): Promise<void> {
  const forgotten = handedOver.filter(({markDelete, partition}) => {
    const look = looks.find((row) => row.partition === partition)
    return look?.consumers === 0 && isBefore(look.cursor.markDeletePosition, markDelete)
  })
  await placeAt(context, context.leg.source, forgotten)
}

/** The keeper that the fence has made holds the messages meanwhile. */
async function renew(context: StepContext, {identity}: EvictCapture, handedOver: readonly HandOver[]): Promise<void> {
  const {leg} = context
  const looks = await lookAtSubscription(context, leg.source)
  const statsOf = (row: HandOver): SubscriptionStats | null =>
    looks.find(({partition}) => partition === row.partition)?.stats ?? null
  const taken = handedOver.filter((row) => statsOf(row) === null || consumersOf(statsOf(row)) > 0)
  await deleteOn(context, leg.source, taken)
  await makeAt(context, leg.source, taken, identity)
}

async function stillConnected(context: StepContext): Promise<Array<{partition: number | null}>> {
  const looks = await lookAtSubscription(context, context.leg.source)
  return looks.filter(({stats}) => consumersOf(stats) > 0)
}

import {setTimeout as delay} from 'node:timers/promises'

import type {SubscriptionType} from '../../../clients/pulsar-admin/types.js'
import {Conflict} from '../../../errors.js'
import {type CursorLook, isDrained, parsePosition} from '../drain.js'
import {done, type MigrationStep, type StepContext, waiting} from '../step.js'
import {lookAtCursors, lookAtSubscription, partitionLabels, type SubscriptionLook} from './look.js'

type EvictCapture = {partitions: HandOver[]}

/** Where a partition stands when it is handed over, and how many messages had been delivered from it by then. */
export type HandOver = {partition: number | null; markDelete: string; delivered: number | null}

/** How long a message that reached a partition after its drain may take to be acknowledged. */
const LATE_ACK_MS = 10_000

/**
 * Disconnects the subscription's consumers by resetting the drained cursor to where it stands: that moves nothing and
 * touches no neighbour. The consumers come back by themselves, and the fence refuses them. This is the switch.
 */
export const evict: MigrationStep<EvictCapture> = {
  id: 'evict',
  async capture(context) {
    return {partitions: (await lookAtCursors(context)).map(handOver)}
  },
  async apply(context) {
    const looks = await drainedCursors(context)
    await Promise.all(
      looks.map(async ({cursor, partition}) => {
        const name = context.partitions.find((row) => row.partition === partition)?.name
        const position = parsePosition(cursor.markDeletePosition)
        if (name && position) await context.admin.resetCursorBehind(name, context.subscription, position)
      }),
    )
    return {partitions: looks.map(handOver)}
  },
  verifier(context, _captured, applied) {
    return async () => {
      const looks = await lookAtSubscription(context)
      const left = looks.filter(({stats}) => stats.type === context.plan.from && (stats.consumers ?? []).length > 0)
      if (left.length > 0) return waiting(`${context.plan.from} consumers to leave ${partitionLabels(left)}`)
      return done({atRisk: applied && deliveredInTheGap(looks, applied['partitions'] as HandOver[])})
    }
  },
  /** Lets the old type in again, and only it: were both allowed, partitions could end up with different types. */
  async undo(context) {
    const {admin, plan, topic} = context
    await requireNoNewConsumers(context)
    const types = [...plan.fencedTypes.filter((type) => type !== plan.to), plan.from] satisfies SubscriptionType[]
    await admin.setSubscriptionTypes(topic, types)
    await requireNoNewConsumers(context)
  },
}

/** Once a consumer of the new type is in, going back is a migration of its own. */
export async function requireNoNewConsumers(context: StepContext): Promise<void> {
  const looks = await lookAtSubscription(context)
  const taken = looks.filter(({stats}) => stats.type === context.plan.to && (stats.consumers ?? []).length > 0)
  if (taken.length === 0) return
  throw new Conflict('E_NEW_CONSUMERS_IN', `${context.plan.to} consumers are on ${partitionLabels(taken)} already`)
}

function handOver({cursor, deliveredMessages, partition}: CursorLook): HandOver {
  return {partition, markDelete: cursor.markDeletePosition ?? '', delivered: deliveredMessages}
}

/** A partition without traffic at the pause has one message of its limit left: should it come now, wait for its ack. */
async function drainedCursors(context: StepContext): Promise<CursorLook[]> {
  const deadline = Date.now() + LATE_ACK_MS
  for (;;) {
    const looks = await lookAtCursors(context)
    const open = looks.filter((look) => !isDrained(look))
    if (open.length === 0) return looks
    if (Date.now() > deadline) {
      throw new Conflict(
        'E_NOT_DRAINED',
        `a message reached ${partitionLabels(open)} after the drain and is not acknowledged`,
      )
    }
    await delay(20)
  }
}

/** Was such a message delivered between the last look and the reset, it may be handled twice. */
function deliveredInTheGap(looks: readonly SubscriptionLook[], handedOver: readonly HandOver[]): Array<number | null> {
  return handedOver
    .filter(({delivered, partition}) => {
      const now = looks.find((look) => look.partition === partition)?.stats.msgOutCounter
      return delivered !== null && now !== undefined && now > delivered
    })
    .map(({partition}) => partition)
}

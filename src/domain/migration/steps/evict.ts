import type {SubscriptionType} from '../../../clients/pulsar-admin/types.js'
import {Conflict} from '../../../errors.js'
import {isDrained, parsePosition} from '../drain.js'
import {done, type MigrationStep, type StepContext, waiting} from '../step.js'
import {lookAtCursors, lookAtSubscription, partitionLabel, type SubscriptionLook} from './look.js'

type EvictCapture = {partitions: Array<{partition: number | null; markDelete: string; delivered: number | null}>}

/**
 * Disconnects the subscription's consumers by resetting the drained cursor to where it stands: that moves nothing and
 * touches no neighbour. The consumers come back by themselves, and the fence refuses them. This is the switch.
 */
export const evict: MigrationStep<EvictCapture> = {
  id: 'evict',
  async capture(context) {
    const looks = await lookAtCursors(context)
    const partitions = looks.map(({cursor, deliveredMessages, partition}) => ({
      partition,
      markDelete: cursor.markDeletePosition ?? '',
      delivered: deliveredMessages,
    }))
    return {partitions}
  },
  async apply(context) {
    // Read again: an idle partition may have got an entry since, and after a crash the positions are old.
    const looks = await lookAtCursors(context)
    const open = looks.find((look) => !isDrained(look))
    if (open) {
      throw new Conflict('E_NOT_DRAINED', `${partitionLabel(open.partition)} got a message after it was drained`)
    }
    await Promise.all(
      looks.map(async ({cursor, partition}) => {
        const name = context.partitions.find((row) => row.partition === partition)?.name
        const position = parsePosition(cursor.markDeletePosition)
        if (name && position) await context.admin.resetCursorBehind(name, context.subscription, position)
      }),
    )
  },
  verifier(context, captured) {
    return async () => {
      const looks = await lookAtSubscription(context)
      const left = looks.filter(hasOldConsumers)
      if (left.length > 0)
        return waiting(`Shared consumers to leave ${left.map(({partition}) => partitionLabel(partition)).join(', ')}`)
      return done({atRisk: deliveredInTheGap(looks, captured)})
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
  throw new Conflict(
    'E_NEW_CONSUMERS_IN',
    `${context.plan.to} consumers are on ${taken.map(({partition}) => partitionLabel(partition)).join(', ')} already`,
  )
}

function hasOldConsumers({stats}: SubscriptionLook): boolean {
  return stats.type === 'Shared' && (stats.consumers ?? []).length > 0
}

/**
 * A partition without traffic at the pause still had one message of its limit left: was one delivered between the last
 * look and the reset, it may be handled twice. Seen on no partition that carries load.
 */
function deliveredInTheGap(looks: readonly SubscriptionLook[], {partitions}: EvictCapture): Array<number | null> {
  return partitions
    .filter(({delivered, partition}) => {
      const now = looks.find((look) => look.partition === partition)?.stats.msgOutCounter
      return delivered !== null && now !== undefined && now > delivered
    })
    .map(({partition}) => partition)
}

import type {DispatchRate, SubscriptionType} from '../../../../clients/pulsar-admin/types.js'
import {isBefore} from '../../../../position.js'
import {done, type MigrationStep, waiting} from '../step.js'
import {drainedCursors} from '../../broker/drained-cursors.js'
import {isSame} from '../../broker/allowed-types.js'
import {
  deliveredSince,
  type HandOver,
  latest,
  mayStillDeliver,
  type ProvenHandOver,
} from '../../broker/switch-position.js'
import {lookAtSubscription, partitionLabels} from '../../broker/collect-samples.js'
import {deleteOn, placeAt} from '../../broker/subscription-placement.js'

type ReplaceCapture = {partitions: HandOver[]; types: SubscriptionType[] | null; rate: DispatchRate | null}

/**
 * Places the target exactly where the source stands, on every partition, deletes the source, with its consumers'
 * connections to it, and lifts the fence, which kept both fleets out until then. In this order, for a message that no
 * subscription waits for may be deleted. To lift it in a step of its own would cost a look and two journal entries in the gap.
 *
 * Why delete it at all: drained, it is nothing but a position that is in the journal, and no policy can change while it is
 * held and has consumers.
 */
export const replace: MigrationStep<ReplaceCapture> = {
  id: 'replace',
  capture(context) {
    const drained = context.verified('drain')['partitions'] as ProvenHandOver[]
    // Where the way there was cut off before the new subscription was placed, it stands too far back.
    const forward = (context.original('replace')?.['partitions'] ?? []) as HandOver[]
    const partitions = drained.map((row) => {
      const before = forward.find(({partition}) => partition === row.partition)
      return before && isBefore(row.markDelete, before.markDelete) ? before : row
    })
    return Promise.resolve({
      partitions,
      types: (context.original('fence')?.['types'] ?? null) as SubscriptionType[] | null,
      rate: context.captured('pause')['rate'] as DispatchRate | null,
    })
  },
  async apply(context, {partitions, rate, types}, isAgain) {
    const {policies} = context
    const {source, target} = context.leg
    const looks = await drainedCursors(context)
    const handedOver = partitions.map((row) => latest(row, looks))
    // Where a try before has deleted the source, it had placed the target.
    const isLeft = ({partition}: HandOver): boolean => !isAgain || looks.some((look) => look.partition === partition)
    await placeAt(context, target, handedOver.filter(isLeft))
    const atRisk = partitions.some(mayStillDeliver)
      ? deliveredSince(handedOver, await lookAtSubscription(context, source))
      : []
    await deleteOn(context, source, context.partitions)
    policies.forget(source)
    await policies.setTypes(types)
    // Nobody is held by it any more; it would only hold a subscription of this name that comes later.
    await policies.letRun(source, rate)
    return {partitions: handedOver, atRisk}
  },
  verifier(context, captured, applied) {
    const partitions = (applied?.['partitions'] as HandOver[] | undefined) ?? captured.partitions
    const {source} = context.leg
    return async () => {
      const [types, looks] = await Promise.all([context.policies.types(), lookAtSubscription(context, source)])
      const left = looks.filter(({stats}) => stats !== null)
      if (left.length > 0) return waiting(`${source} to be gone on ${partitionLabels(left)}`)
      if (!isSame(types, captured.types)) return waiting('the broker to show the subscriptionTypesEnabled found')
      return done({partitions, atRisk: applied?.['atRisk'] ?? []})
    }
  },
}

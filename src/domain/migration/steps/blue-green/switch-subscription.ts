import type {DispatchRate, SubscriptionType} from '../../../../clients/pulsar-admin/types.js'
import {isBefore} from '../../../../position.js'
import {type MigrationStep, passed, waitingFor} from '../step.js'
import {drainedCursors} from '../../broker/drained-cursors.js'
import {haveSameTypes} from '../../broker/allowed-types.js'
import {
  deliveredSince,
  later,
  mayDeliverOneMore,
  type ProvenSwitchPosition,
  type SwitchPosition,
} from '../../broker/switch-position.js'
import {partitionLabels, sampleSubscription} from '../../broker/collect-samples.js'
import {deleteOn, resetTo} from '../../broker/subscription-placement.js'

type SwitchSubscriptionCapture = {
  partitions: SwitchPosition[]
  types: SubscriptionType[] | null
  rate: DispatchRate | null
}

/**
 * Places the target exactly where the source stands, on every partition, deletes the source, with its consumers'
 * connections to it, and lifts the fence, which kept both fleets out until then. In this order, for a message that no
 * subscription waits for may be deleted. To lift it in a step of its own would cost a look and two journal entries in the gap.
 *
 * Why delete it at all: drained, it is nothing but a position that is in the journal, and no policy can change while it is
 * held and has consumers.
 */
export const switchSubscription: MigrationStep<SwitchSubscriptionCapture> = {
  id: 'switch-subscription',
  capture(context) {
    const drained = context.verified('drain')['partitions'] as ProvenSwitchPosition[]
    // Where the way there was cut off before the new subscription was placed, it stands too far back.
    const forward = (context.original('switch-subscription')?.['partitions'] ?? []) as SwitchPosition[]
    const partitions = drained.map((row) => {
      const before = forward.find(({partition}) => partition === row.partition)
      return before && isBefore(row.markDelete, before.markDelete) ? before : row
    })
    return Promise.resolve({
      partitions,
      types: (context.original('restrict-types')?.['types'] ?? null) as SubscriptionType[] | null,
      rate: context.captured('pause')['rate'] as DispatchRate | null,
    })
  },
  async apply(context, {partitions, rate, types}, isAgain) {
    const {policies} = context
    const {source, target} = context.direction
    const samples = await drainedCursors(context)
    const switchPositions = partitions.map((row) => later(row, samples))
    // Where a try before has deleted the source, it had placed the target.
    const isLeft = ({partition}: SwitchPosition): boolean =>
      !isAgain || samples.some((sample) => sample.partition === partition)
    await resetTo(context, target, switchPositions.filter(isLeft))
    const atRisk = partitions.some(mayDeliverOneMore)
      ? deliveredSince(switchPositions, await sampleSubscription(context, source))
      : []
    await deleteOn(context, source, context.partitions)
    policies.forget(source)
    await policies.setTypes(types)
    // Nobody is held by it any more; it would only hold a subscription of this name that comes later.
    await policies.resume(source, rate)
    return {partitions: switchPositions, atRisk}
  },
  verifier(context, captured, applied) {
    const partitions = (applied?.['partitions'] as SwitchPosition[] | undefined) ?? captured.partitions
    const {source} = context.direction
    return async () => {
      const [types, samples] = await Promise.all([context.policies.types(), sampleSubscription(context, source)])
      const left = samples.filter(({stats}) => stats !== null)
      if (left.length > 0) return waitingFor(`${source} to be gone on ${partitionLabels(left)}`)
      if (!haveSameTypes(types, captured.types))
        return waitingFor('the broker to show the subscriptionTypesEnabled found')
      return passed({partitions, atRisk: applied?.['atRisk'] ?? []})
    }
  },
}

import {isBefore} from '../../../../position.js'
import {type ChangeStep, passed, waitingFor} from '../step.js'
import {drainedCursors} from '../../broker/drained-cursors.js'
import {haveSameTypes} from '../../broker/allowed-types.js'
import {deliveredSince, later, mayDeliverOneMore, type SwitchPosition} from '../../broker/switch-position.js'
import {partitionLabels, sampleSubscription} from '../../broker/collect-samples.js'
import {deleteOn, resetTo} from '../../broker/subscription-placement.js'

/**
 * The switch: on every partition it resets the target to the position of the source and deletes the source, which
 * disconnects its consumers. Then it lifts the type restriction, which blocked both groups of consumers until then. The
 * order matters, because the broker may delete a message that no subscription retains. A step of its own for the restriction
 * would add a sample and two journal entries to the delivery pause.
 *
 * The source is deleted because no policy can change while it is paused and has consumers. It is drained, so only its
 * position is lost, and that is in the journal.
 */
export const switchSubscription: ChangeStep<'switch-subscription'> = {
  kind: 'change',
  id: 'switch-subscription',
  timeout: 'policy',
  hooks: {'blue-green': {before: 'start-new', after: ['cut-over']}},
  title: ({source, target, to}) =>
    `on every partition: move ${target} to the position of ${source}, delete ${source}, allow ${to} consumers, restore policies (subscriptionTypesEnabled, dispatch rate)`,
  capture(context) {
    const drained = context.verified('drain').partitions
    // A forward direction that was interrupted before it positioned the new subscription left it too far back.
    const forward = context.original('switch-subscription')?.partitions ?? []
    const partitions = drained.map((row) => {
      const before = forward.find(({partition}) => partition === row.partition)
      return before && isBefore(row.markDelete, before.markDelete) ? before : row
    })
    return Promise.resolve({
      partitions,
      types: context.original('restrict-types')?.types ?? null,
      rate: context.captured('pause').rate,
    })
  },
  async apply(context, {partitions, rate, types}, isAgain) {
    const {policies} = context
    const {source, target} = context.direction
    const samples = await drainedCursors(context)
    const switchPositions = partitions.map((row) => later(row, samples))
    // An earlier attempt that deleted the source had positioned the target before.
    const isLeft = ({partition}: SwitchPosition): boolean =>
      !isAgain || samples.some((sample) => sample.partition === partition)
    await resetTo(context, target, switchPositions.filter(isLeft))
    const atRisk = partitions.some(mayDeliverOneMore)
      ? deliveredSince(switchPositions, await sampleSubscription(context, source))
      : []
    await deleteOn(context, source, context.partitions)
    await policies.setTypes(types, source)
    // The source no longer exists; its rate would pause a later subscription of the same name.
    await policies.resume(source, rate)
    return {partitions: switchPositions, atRisk}
  },
  verifier(context, captured, applied) {
    const partitions = applied?.partitions ?? captured.partitions
    const {source} = context.direction
    return async () => {
      const [types, samples] = await Promise.all([context.policies.types(), sampleSubscription(context, source)])
      const left = samples.filter(({stats}) => stats !== null)
      if (left.length > 0) return waitingFor(`the deletion of ${source} on ${partitionLabels(left)}`)
      if (!haveSameTypes(types, captured.types))
        return waitingFor('the broker to show the original subscriptionTypesEnabled')
      return passed({partitions, atRisk: applied?.atRisk ?? []})
    }
  },
}

import {Conflict} from '../../../../errors.js'
import {type ChangeStep, passed, waitingFor} from '../step.js'
import {allowedTypesWithout, haveSameTypes} from '../../broker/allowed-types.js'
import {deleteRetention} from '../../broker/retention-subscription.js'
import {consumersOf, partitionLabels, sampleSubscription} from '../../broker/collect-samples.js'

/**
 * The switch: ends the pause, then allows the new type, while no consumer is connected. In the other order the broker would
 * create the dispatcher under the pause; it delivers one message and then waits a second before its next read. Where
 * consumers must not join under load, that second is accepted: the pause lasts until they have connected.
 */
export const switchType: ChangeStep<'switch-type'> = {
  kind: 'change',
  id: 'switch-type',
  timeout: 'policy',
  hooks: {'in-place': {before: 'start-new', after: ['cut-over']}},
  title: ({to, waitsForConsumers}) =>
    `${waitsForConsumers ? '' : 'restore the original dispatch rate and '}allow ${to} consumers`,
  capture(context) {
    return Promise.resolve({rate: context.original('pause')?.rate ?? null})
  },
  async apply(context, {rate}) {
    const {direction, plan, policies} = context
    const samples = await sampleSubscription(context, direction.source)
    const early = samples.filter(({stats}) => consumersOf(stats) > 0 && stats?.type !== direction.to)
    if (early.length > 0) {
      throw new Conflict(
        'E_CONSUMERS_RECONNECTED',
        `consumers of type ${direction.from} reconnected on ${partitionLabels(early)} before the switch`,
      )
    }
    if (!direction.waitsForConsumers) await policies.resume(direction.source, rate)
    await policies.setTypes(
      allowedTypesWithout(plan, direction.from),
      direction.waitsForConsumers ? null : direction.source,
    )
    await deleteRetention(context)
    return {}
  },
  verifier(context) {
    const {direction, plan, policies} = context
    return async () => {
      const [isPaused, types] = await Promise.all([policies.isPaused(direction.source), policies.types()])
      if (isPaused && !direction.waitsForConsumers) return waitingFor('the broker to show the original dispatch rate')
      return haveSameTypes(types, allowedTypesWithout(plan, direction.from))
        ? passed({types})
        : waitingFor('the broker to show the new subscriptionTypesEnabled')
    }
  },
}

import type {DispatchRate} from '../../../../clients/pulsar-admin/types.js'
import {Conflict} from '../../../../errors.js'
import {type MigrationStep, passed, waitingFor} from '../step.js'
import {allowedTypesWithout, haveSameTypes} from '../../broker/allowed-types.js'
import {deleteRetention} from '../../broker/retention-subscription.js'
import {consumersOf, partitionLabels, sampleSubscription} from '../../broker/collect-samples.js'

type SwitchTypeCapture = {rate: DispatchRate | null}

/**
 * Ends the hold and lets the other type in. This is the switch. In this order and while nobody is connected: a
 * dispatcher that is made under the hold would hand out one message and then wait a second for its next read. Where a
 * fleet must not join under load, that is the price: the hold lasts until it has gathered.
 */
export const switchType: MigrationStep<SwitchTypeCapture> = {
  id: 'switch-type',
  capture(context) {
    return Promise.resolve({rate: (context.original('pause')?.['rate'] ?? null) as DispatchRate | null})
  },
  async apply(context, {rate}) {
    const {direction, plan, policies} = context
    const samples = await sampleSubscription(context, direction.source)
    const early = samples.filter(({stats}) => consumersOf(stats) > 0 && stats?.type !== direction.to)
    if (early.length > 0) {
      throw new Conflict(
        'E_CONSUMERS_RECONNECTED',
        `${direction.from} consumers came back on ${partitionLabels(early)}`,
      )
    }
    if (!direction.waitsForConsumers) await policies.resume(direction.source, rate)
    await policies.setTypes(allowedTypesWithout(plan, direction.from))
    await deleteRetention(context)
    return {}
  },
  verifier(context) {
    const {direction, plan, policies} = context
    return async () => {
      const [isPaused, types] = await Promise.all([policies.isPaused(direction.source), policies.types()])
      if (isPaused && !direction.waitsForConsumers)
        return waitingFor('the broker to show the dispatch rate that was found')
      return haveSameTypes(types, allowedTypesWithout(plan, direction.from))
        ? passed({types})
        : waitingFor('the broker to show the new subscriptionTypesEnabled')
    }
  },
}

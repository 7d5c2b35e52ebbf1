import type {DispatchRate} from '../../../../clients/pulsar-admin/types.js'
import {Conflict} from '../../../../errors.js'
import {done, type MigrationStep, waiting} from '../step.js'
import {isSame, typesWithout} from '../../broker/allowed-types.js'
import {deleteKeeper} from '../../broker/retention-subscription.js'
import {consumersOf, lookAtSubscription, partitionLabels} from '../../broker/collect-samples.js'

type AdmitCapture = {rate: DispatchRate | null}

/**
 * Ends the hold and lets the other type in. This is the switch. In this order and while nobody is connected: a
 * dispatcher that is made under the hold would hand out one message and then wait a second for its next read. Where a
 * fleet must not join under load, that is the price: the hold lasts until it has gathered.
 */
export const admit: MigrationStep<AdmitCapture> = {
  id: 'admit',
  capture(context) {
    return Promise.resolve({rate: (context.original('pause')?.['rate'] ?? null) as DispatchRate | null})
  },
  async apply(context, {rate}) {
    const {leg, plan, policies} = context
    const looks = await lookAtSubscription(context, leg.source)
    const early = looks.filter(({stats}) => consumersOf(stats) > 0 && stats?.type !== leg.to)
    if (early.length > 0) {
      throw new Conflict('E_COME_BACK', `${leg.from} consumers came back on ${partitionLabels(early)}`)
    }
    if (!leg.gathers) await policies.letRun(leg.source, rate)
    await policies.setTypes(typesWithout(plan, leg.from))
    await deleteKeeper(context)
    return {}
  },
  verifier(context) {
    const {leg, plan, policies} = context
    return async () => {
      const [isHeld, types] = await Promise.all([policies.isHeld(leg.source), policies.types()])
      if (isHeld && !leg.gathers) return waiting('the broker to show the dispatch rate that was found')
      return isSame(types, typesWithout(plan, leg.from))
        ? done({types})
        : waiting('the broker to show the new subscriptionTypesEnabled')
    }
  },
}

import type {DispatchRate, SubscriptionType} from '../../../clients/pulsar-admin/types.js'
import {done, type MigrationStep, waiting} from '../step.js'
import {isSame} from './fence.js'

type ReopenCapture = {types: SubscriptionType[] | null; rate: DispatchRate | null}

/** Lifts the fence: the waiting fleet gets in, to what stands where it should. The old one finds its subscription gone. */
export const reopen: MigrationStep<ReopenCapture> = {
  id: 'reopen',
  capture(context) {
    return Promise.resolve({
      types: (context.original('fence')?.['types'] ?? null) as SubscriptionType[] | null,
      rate: context.captured('pause')['rate'] as DispatchRate | null,
    })
  },
  async apply({leg, policies}, {rate, types}) {
    await policies.setTypes(types)
    // Nobody is held by it any more; it would only hold a subscription of this name that comes later.
    await policies.letRun(leg.source, rate)
    return {}
  },
  verifier({policies}, {types}) {
    return async () =>
      isSame(await policies.types(), types) ? done() : waiting('the broker to show the subscriptionTypesEnabled found')
  },
}

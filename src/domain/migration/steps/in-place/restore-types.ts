import type {SubscriptionType} from '../../../../clients/pulsar-admin/types.js'
import {done, type MigrationStep, waiting} from '../step.js'
import {isSame} from '../../broker/allowed-types.js'
import {deleteKeeper} from '../../broker/retention-subscription.js'

type RestoreCapture = {types: SubscriptionType[] | null}

/** The end of the way back in place: the old fleet is connected, so who may subscribe is again what it was. */
export const restore: MigrationStep<RestoreCapture> = {
  id: 'restore',
  capture(context) {
    return Promise.resolve({types: (context.original('fence')?.['types'] ?? null) as SubscriptionType[] | null})
  },
  async apply(context, {types}) {
    await context.policies.setTypes(types)
    await deleteKeeper(context)
    return {}
  },
  verifier({policies}, {types}) {
    return async () =>
      isSame(await policies.types(), types) ? done() : waiting('the broker to show the subscriptionTypesEnabled found')
  },
}

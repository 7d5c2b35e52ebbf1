import type {SubscriptionType} from '../../../../clients/pulsar-admin/types.js'
import {type MigrationStep, passed, waitingFor} from '../step.js'
import {haveSameTypes} from '../../broker/allowed-types.js'
import {deleteRetention} from '../../broker/retention-subscription.js'

type RestoreTypesCapture = {types: SubscriptionType[] | null}

/** The end of an in-place rollback: the old consumers are connected, so the original subscription types are restored. */
export const restoreTypes: MigrationStep<RestoreTypesCapture> = {
  id: 'restore-types',
  capture(context) {
    return Promise.resolve({
      types: (context.original('restrict-types')?.['types'] ?? null) as SubscriptionType[] | null,
    })
  },
  async apply(context, {types}) {
    await context.policies.setTypes(types)
    await deleteRetention(context)
    return {}
  },
  verifier({policies}, {types}) {
    return async () =>
      haveSameTypes(await policies.types(), types)
        ? passed()
        : waitingFor('the broker to show the original subscriptionTypesEnabled')
  },
}

import {type ChangeStep, passed, waitingFor} from '../step.js'
import {haveSameTypes} from '../../broker/allowed-types.js'
import {deleteRetention} from '../../broker/retention-subscription.js'

/** The end of an in-place rollback: the old consumers are connected, so the original subscription types are restored. */
export const restoreTypes: ChangeStep<'restore-types'> = {
  kind: 'change',
  id: 'restore-types',
  timeout: 'policy',
  title: () => 'restore the original subscriptionTypesEnabled',
  capture(context) {
    return Promise.resolve({
      types: context.original('restrict-types')?.types ?? null,
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

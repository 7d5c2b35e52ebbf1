import {setTimeout as delay} from 'node:timers/promises'
import type {SubscriptionType} from '../../../../clients/pulsar-admin/types.js'
import {allowedTypesWithout, haveSameTypes} from '../../broker/allowed-types.js'
import {type MigrationStep, passed, type StepContext, waitingFor} from '../step.js'
import {createRetention, deleteRetention} from '../../broker/retention-subscription.js'
import {consumersOf, sampleSubscription} from '../../broker/collect-samples.js'

type RestrictTypesCapture = {types: SubscriptionType[] | null}

/**
 * Makes the broker refuse consumers of the old type that subscribe again, and of the new type until nothing is held any
 * more: so all partitions switch together, and no dispatcher is made under the hold, which would wait up to a second for
 * its next read. Blue-green it keeps the new fleet out of a target that is made and not yet placed, and the old one from
 * making the deleted source again. It comes before the pause, for it changes a policy.
 */
export const restrictTypes: MigrationStep<RestrictTypesCapture> = {
  id: 'restrict-types',
  // Read before the write, so that what is given back is what was there and not a default.
  async capture({policies}) {
    return {types: await policies.types()}
  },
  async apply(context) {
    const {direction, plan, policies} = context
    await createRetention(context)
    await policies.setTypes(allowedTypesWithout(plan, direction.from, direction.to))
    return {}
  },
  verifier({direction, plan, policies}) {
    return async () => {
      const types = await policies.types()
      return haveSameTypes(types, allowedTypesWithout(plan, direction.from, direction.to))
        ? passed({types})
        : waitingFor('the broker to show the new subscriptionTypesEnabled')
    }
  },
  async undo(context, {types}) {
    const {direction} = context
    // Were both types let in while an old consumer is on its way back, partitions could end up with different ones.
    if (direction.source === direction.target && (await isUnattended(context))) {
      await context.policies.setTypes(allowedTypesWithout(context.plan, direction.to))
      await untilReconnected(context)
    }
    await context.policies.setTypes(types)
    await deleteRetention(context)
  },
}

/** Consumers that were refused for a while try again up to half a minute later. */
const RECONNECT_MS = 60_000

/** Whether a partition has nobody: the old consumers had been disconnected. */
async function isUnattended(context: StepContext): Promise<boolean> {
  const samples = await sampleSubscription(context, context.direction.source)
  return samples.some(({stats}) => consumersOf(stats) === 0)
}

/** Gives up without harm: a fleet that is not there can't be mixed with another. */
async function untilReconnected(context: StepContext): Promise<void> {
  const deadline = Date.now() + RECONNECT_MS
  while (Date.now() < deadline && (await isUnattended(context))) await delay(50)
}

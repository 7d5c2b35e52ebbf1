import {setTimeout as delay} from 'node:timers/promises'
import type {SubscriptionType} from '../../../../clients/pulsar-admin/types.js'
import {isSame, typesWithout} from '../../broker/allowed-types.js'
import {done, type MigrationStep, type StepContext, waiting} from '../step.js'
import {deleteKeeper, makeKeeper} from '../../broker/retention-subscription.js'
import {consumersOf, lookAtSubscription} from '../../broker/collect-samples.js'

type FenceCapture = {types: SubscriptionType[] | null}

/**
 * Makes the broker refuse consumers of the old type that subscribe again, and of the new type until nothing is held any
 * more: so all partitions switch together, and no dispatcher is made under the hold, which would wait up to a second for
 * its next read. Blue-green it keeps the new fleet out of a target that is made and not yet placed, and the old one from
 * making the deleted source again. It comes before the pause, for it changes a policy.
 */
export const fence: MigrationStep<FenceCapture> = {
  id: 'fence',
  // Read before the write, so that what is given back is what was there and not a default.
  async capture({policies}) {
    return {types: await policies.types()}
  },
  async apply(context) {
    const {leg, plan, policies} = context
    await makeKeeper(context)
    await policies.setTypes(typesWithout(plan, leg.from, leg.to))
    return {}
  },
  verifier({leg, plan, policies}) {
    return async () => {
      const types = await policies.types()
      return isSame(types, typesWithout(plan, leg.from, leg.to))
        ? done({types})
        : waiting('the broker to show the new subscriptionTypesEnabled')
    }
  },
  async undo(context, {types}) {
    const {leg} = context
    // Were both types let in while an old consumer is on its way back, partitions could end up with different ones.
    if (leg.source === leg.target && (await isLeft(context))) {
      await context.policies.setTypes(typesWithout(context.plan, leg.to))
      await untilBack(context)
    }
    await context.policies.setTypes(types)
    await deleteKeeper(context)
  },
}

/** Consumers that were refused for a while try again up to half a minute later. */
const COME_BACK_MS = 60_000

/** Whether a partition has nobody: the old consumers had been disconnected. */
async function isLeft(context: StepContext): Promise<boolean> {
  const looks = await lookAtSubscription(context, context.leg.source)
  return looks.some(({stats}) => consumersOf(stats) === 0)
}

/** Gives up without harm: a fleet that is not there can't be mixed with another. */
async function untilBack(context: StepContext): Promise<void> {
  const deadline = Date.now() + COME_BACK_MS
  while (Date.now() < deadline && (await isLeft(context))) await delay(50)
}

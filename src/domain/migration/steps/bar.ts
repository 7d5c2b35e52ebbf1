import type {SubscriptionType} from '../../../clients/pulsar-admin/types.js'
import {done, type MigrationStep, waiting} from '../step.js'
import {isSame, typesWithout} from './fence.js'

type BarCapture = {types: SubscriptionType[] | null}

/**
 * Refuses the fleet that waits for the target outright, by its type. The door alone keeps it out too, but with an error
 * that some clients (C++) try again after by themselves, less and less often, and would come late. Only where no other
 * subscription of the topic is of that type.
 */
export const bar: MigrationStep<BarCapture> = {
  id: 'bar',
  async capture({policies}) {
    return {types: await policies.types()}
  },
  async apply({leg, plan, policies}) {
    await policies.setTypes(typesWithout(plan, leg.to))
    return {}
  },
  verifier({leg, plan, policies}) {
    return async () => {
      const [types, isHeld] = await Promise.all([policies.types(), policies.isHeld(leg.source)])
      // Proven again by a process that takes over: once delivery is held, it was lifted, and stays so.
      return isHeld || isSame(types, typesWithout(plan, leg.to))
        ? done()
        : waiting('the broker to show the new subscriptionTypesEnabled')
    }
  },
  async undo({policies}, {types}) {
    if (!isSame(await policies.types(), types)) await policies.setTypes(types)
  },
}

/**
 * Lifts the bar just before delivery is held, for afterwards no policy may change: until the target is made, the door does
 * alone.
 */
export const unbar: MigrationStep<BarCapture> = {
  id: 'unbar',
  capture(context) {
    return Promise.resolve({types: context.captured('bar')['types'] as SubscriptionType[] | null})
  },
  async apply({policies}, {types}) {
    await policies.setTypes(types)
    return {}
  },
  verifier({policies}, {types}) {
    return async () =>
      isSame(await policies.types(), types) ? done() : waiting('the broker to show the subscriptionTypesEnabled found')
  },
}

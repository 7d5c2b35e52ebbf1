import {waitUntil} from '../../../../wait-until.js'
import {allowedTypesWithout, haveSameTypes} from '../../broker/allowed-types.js'
import {type ChangeStep, passed, type StepContext, waitingFor} from '../step.js'
import {createRetention, deleteRetention} from '../../broker/retention-subscription.js'
import {consumersOf, sampleSubscription} from '../../broker/collect-samples.js'

/**
 * Forbids the old and the new type, so the broker refuses every new consumer of them until the switch. All partitions then
 * switch together, and no dispatcher is created during the pause; it would wait up to a second for its next read. Blue-green
 * it blocks the new consumers from a target that is not positioned yet, and the old ones from recreating the deleted source.
 * It comes before the pause, because it changes a policy.
 */
export const restrictTypes: ChangeStep<'restrict-types'> = {
  kind: 'change',
  id: 'restrict-types',
  timeout: 'policy',
  hooks: {'blue-green': {before: 'before-pause'}},
  title: ({from, to}) => `block ${from} and ${to} consumers from subscribing to the topic (subscriptionTypesEnabled)`,
  // Read before the write, so that the original value is restored and not a default.
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
    // With both types allowed while old consumers are reconnecting, partitions could end up with different types.
    if (direction.source === direction.target && (await isUnattended(context))) {
      await context.policies.setTypes(allowedTypesWithout(context.plan, direction.to))
      await untilReconnected(context)
    }
    await context.policies.setTypes(types)
    await deleteRetention(context)
  },
}

/** Consumers that were refused several times retry up to 30 s later. */
const RECONNECT_MS = 60_000
const CHECK_RECONNECTED_EVERY_MS = 50

/** Whether a partition has no consumer, because the old consumers had been disconnected. */
async function isUnattended(context: StepContext): Promise<boolean> {
  const samples = await sampleSubscription(context, context.direction.source)
  return samples.some(({stats}) => consumersOf(stats) === 0)
}

/** A timeout is safe: without old consumers, partitions cannot end up with different types. */
async function untilReconnected(context: StepContext): Promise<void> {
  await waitUntil(async () => ((await isUnattended(context)) ? undefined : true), {
    everyMs: CHECK_RECONNECTED_EVERY_MS,
    timeoutMs: RECONNECT_MS,
  })
}

import {setTimeout as delay} from 'node:timers/promises'

import type {SubscriptionType} from '../../../clients/pulsar-admin/types.js'
import {done, type MigrationStep, type StepContext, waiting} from '../step.js'
import {lookAtSubscription} from './look.js'

type FenceCapture = {types: SubscriptionType[] | null}

/**
 * Makes the broker refuse a Shared consumer that subscribes again, by the topic's subscriptionTypesEnabled. It comes
 * before the pause: every change of a topic policy hands each held subscription one more entry per partition.
 */
export const fence: MigrationStep<FenceCapture> = {
  id: 'fence',
  // Read before the write, so that undo() restores what was there and not a default.
  async capture({admin, topic}) {
    return {types: await admin.subscriptionTypes(topic)}
  },
  async apply({admin, plan, topic}) {
    await admin.setSubscriptionTypes(topic, plan.fencedTypes)
    return {}
  },
  verifier({admin, plan, topic}) {
    return async () => {
      const types = await admin.subscriptionTypes(topic)
      return isSame(types, plan.fencedTypes)
        ? done({types})
        : waiting('the broker to show the new subscriptionTypesEnabled')
    }
  },
  async undo(context, {types}) {
    // Were the new type let in while an old consumer is still on its way back, partitions could differ in type.
    await oldConsumersBack(context)
    await context.admin.setSubscriptionTypes(context.topic, types)
  },
}

const COME_BACK_MS = 10_000

/** Waits for an old consumer on each partition; they never left unless the switch had begun. Gives up without harm. */
async function oldConsumersBack(context: StepContext): Promise<void> {
  const deadline = Date.now() + COME_BACK_MS
  while (Date.now() < deadline) {
    const looks = await lookAtSubscription(context)
    if (looks.every(({stats}) => stats.type === context.plan.from && (stats.consumers ?? []).length > 0)) return
    await delay(50)
  }
}

function isSame(types: readonly SubscriptionType[] | null, wanted: readonly SubscriptionType[]): boolean {
  return types?.toSorted().join() === wanted.toSorted().join()
}

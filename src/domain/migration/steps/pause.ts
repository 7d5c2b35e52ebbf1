import type {DispatchRate} from '../../../clients/pulsar-admin/types.js'
import {done, type MigrationStep, waiting} from '../step.js'
import {lookAtSubscription} from './look.js'

type PauseCapture = {
  rate: DispatchRate | null
  /** by partition: reads held back before the pause, from which the drain tells that it holds */
  throttledReads: Array<{partition: number | null; count: number | null}>
}

/** A rate of 0 means unlimited, so hold delivery by the smallest that is one: 1 message a year. */
const HELD: DispatchRate = {
  dispatchThrottlingRateInMsg: 1,
  dispatchThrottlingRateInByte: -1,
  relativeToPublishRate: false,
  ratePeriodInSecond: 31_536_000,
}

/** Holds delivery to this subscription alone; its consumers stay connected and finish what they have. */
export const pause: MigrationStep<PauseCapture> = {
  id: 'pause',
  async capture(context) {
    const rate = await context.admin.subscriptionDispatchRate(context.topic, context.subscription)
    const looks = await lookAtSubscription(context)
    const throttledReads = looks.map(({partition, stats}) => ({
      partition,
      count: stats.dispatchThrottledMsgEventsBySubscriptionLimit ?? null,
    }))
    return {rate, throttledReads}
  },
  async apply({admin, subscription, topic}) {
    await admin.setSubscriptionDispatchRate(topic, subscription, HELD)
    return {}
  },
  verifier({admin, subscription, topic}) {
    return async () => {
      const rate = await admin.subscriptionDispatchRate(topic, subscription)
      const isHeld = rate?.ratePeriodInSecond === HELD.ratePeriodInSecond
      return isHeld ? done() : waiting('the broker to show the new dispatch rate')
    }
  },
  async undo({admin, subscription, topic}, {rate}) {
    await admin.setSubscriptionDispatchRate(topic, subscription, rate)
  },
}

import type {DispatchRate} from '../../../../clients/pulsar-admin/types.js'
import {isHolding} from '../../pause-rate.js'
import {done, type MigrationStep, waiting} from '../step.js'
import {lookAtSubscription} from '../../broker/collect-samples.js'
import {identityOf, type SubscriptionIdentity} from '../../broker/subscription-placement.js'

type PauseCapture = {
  rate: DispatchRate | null
  /** by partition: reads held back before the pause, from which the drain tells that it holds */
  throttledReads: Array<{partition: number | null; count: number | null}>
  identity: SubscriptionIdentity
}

/** Holds delivery to the source alone; its consumers stay connected and finish what they have. */
export const pause: MigrationStep<PauseCapture> = {
  id: 'pause',
  async capture(context) {
    const [rate, looks] = await Promise.all([
      context.policies.rate(context.leg.source),
      lookAtSubscription(context, context.leg.source),
    ])
    const first = looks.find(({stats}) => stats !== null)?.stats
    const throttledReads = looks.map(({partition, stats}) => ({
      partition,
      count: stats?.dispatchThrottledMsgEventsBySubscriptionLimit ?? null,
    }))
    // Turned back before its fleet was let run, the source is held already: that is nothing to give back.
    const before = isHolding(rate) ? ((context.original('prehold')?.['rate'] ?? null) as DispatchRate | null) : rate
    return {rate: before, throttledReads, identity: identityOf(first ?? {})}
  },
  async apply({leg, policies}) {
    await policies.hold(leg.source)
    return {}
  },
  verifier({leg, policies}) {
    return async () => {
      const isHeld = await policies.isHeld(leg.source)
      return isHeld ? done() : waiting('the broker to show the new dispatch rate')
    }
  },
  async undo({leg, policies}, {rate}) {
    await policies.letRun(leg.source, rate)
  },
}

import {isPaused} from '../../pause-rate.js'
import {type ChangeStep, passed, waitingFor} from '../step.js'
import {sampleSubscription} from '../../broker/collect-samples.js'
import {identityOf} from '../../broker/subscription-placement.js'

/** Pauses delivery to the source only. Its consumers stay connected and process the messages they have. */
export const pause: ChangeStep<'pause'> = {
  kind: 'change',
  id: 'pause',
  timeout: 'policy',
  hooks: {'in-place': {before: 'before-pause', after: ['paused']}, 'blue-green': {after: ['paused']}},
  title: () => 'pause delivery (set the subscription dispatch rate to 1 message/year)',
  async capture(context) {
    const [rate, samples] = await Promise.all([
      context.policies.rate(context.direction.source),
      sampleSubscription(context, context.direction.source),
    ])
    const first = samples.find(({stats}) => stats !== null)?.stats
    const throttledReads = samples.map(({partition, stats}) => ({
      partition,
      count: stats?.dispatchThrottledMsgEventsBySubscriptionLimit ?? null,
    }))
    // A rollback that starts before `resume` finds the source paused by pause-new: that rate is not the original one.
    const before = isPaused(rate) ? (context.original('pause-new')?.rate ?? null) : rate
    return {rate: before, throttledReads, identity: identityOf(first ?? {})}
  },
  async apply({direction, policies}) {
    await policies.pause(direction.source)
    return {}
  },
  verifier({direction, policies}) {
    return async () => {
      const isPaused = await policies.isPaused(direction.source)
      return isPaused ? passed() : waitingFor('the broker to show the new dispatch rate')
    }
  },
  async undo({direction, policies}, {rate}) {
    await policies.resume(direction.source, rate)
  },
}

import {Conflict} from '../../../errors.js'
import type {DispatchRate} from '../../../clients/pulsar-admin/types.js'
import {done, type MigrationStep, waiting} from '../step.js'
import {lookAtSubscription, partitionLabels} from './look.js'

type ResumeCapture = {
  rate: DispatchRate | null
  /** by partition: messages delivered so far, and how many more tell that delivery runs */
  delivered: Array<{partition: number | null; count: number; more: number}>
}

/**
 * A paused dispatcher hands out single messages: one when a policy changes, one when it is made anew, as it is by each
 * consumer that comes and goes while the fleet gathers. Only more than those are flow.
 */
const FLOW_MESSAGES = 5

/** Gives back the dispatch rate that was found, and waits until every partition with a backlog delivers. */
export const resume: MigrationStep<ResumeCapture> = {
  id: 'resume',
  async capture(context) {
    const looks = await lookAtSubscription(context)
    const delivered = looks.map(({partition, stats}) => ({
      partition,
      count: stats.msgOutCounter ?? 0,
      more: Math.min(FLOW_MESSAGES, stats.msgBacklog ?? 0),
    }))
    return {rate: context.captured('pause')['rate'] as DispatchRate | null, delivered}
  },
  async apply({admin, subscription, topic}, {rate}) {
    await admin.setSubscriptionDispatchRate(topic, subscription, rate)
    return {}
  },
  verifier(context, {delivered}) {
    return async () => {
      const looks = await lookAtSubscription(context)
      const silent = looks.filter(({partition, stats}) => {
        const start = delivered.find((row) => row.partition === partition)
        return start !== undefined && (stats.msgOutCounter ?? 0) < start.count + start.more
      })
      if (silent.length === 0) return done()
      return waiting(`delivery to run on ${partitionLabels(silent)}`)
    }
  },
  undo({plan}) {
    // Messages flow to the new consumers: the way back is a migration of its own, not an undo.
    return Promise.reject(new Conflict('E_NEW_CONSUMERS_IN', `${plan.to} consumers have messages already`))
  },
}

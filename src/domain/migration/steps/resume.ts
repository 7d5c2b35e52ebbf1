import {Conflict} from '../../../errors.js'
import type {DispatchRate} from '../../../clients/pulsar-admin/types.js'
import {done, type MigrationStep, waiting} from '../step.js'
import {lookAtSubscription, partitionLabel} from './look.js'

type ResumeCapture = {rate: DispatchRate | null; delivered: Array<{partition: number | null; count: number}>}

/** A paused dispatcher hands out one message at a change of policy or when it is made anew: a second one is flow. */
const FLOW_MESSAGES = 2

/** Gives back the dispatch rate that was found, and waits until every partition with a backlog delivers. */
export const resume: MigrationStep<ResumeCapture> = {
  id: 'resume',
  async capture(context) {
    const looks = await lookAtSubscription(context)
    const delivered = looks.map(({partition, stats}) => ({partition, count: stats.msgOutCounter ?? 0}))
    return {rate: context.captured('pause')['rate'] as DispatchRate | null, delivered}
  },
  async apply({admin, subscription, topic}, {rate}) {
    await admin.setSubscriptionDispatchRate(topic, subscription, rate)
  },
  verifier(context, {delivered}) {
    return async () => {
      const looks = await lookAtSubscription(context)
      const silent = looks.filter(({partition, stats}) => {
        const before = delivered.find((row) => row.partition === partition)?.count ?? 0
        return (stats.msgBacklog ?? 0) > 0 && (stats.msgOutCounter ?? 0) < before + FLOW_MESSAGES
      })
      if (silent.length === 0) return done()
      return waiting(`delivery to run on ${silent.map(({partition}) => partitionLabel(partition)).join(', ')}`)
    }
  },
  undo({plan}) {
    // Messages flow to the new consumers: the way back is a migration of its own, not an undo.
    return Promise.reject(new Conflict('E_NEW_CONSUMERS_IN', `${plan.to} consumers have messages already`))
  },
}

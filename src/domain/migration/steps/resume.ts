import type {DispatchRate} from '../../../clients/pulsar-admin/types.js'
import {Conflict} from '../../../errors.js'
import {FlowWatch} from '../flow.js'
import {done, type MigrationStep, waiting} from '../step.js'
import {lookAtSubscription, partitionLabels} from './look.js'

type ResumeCapture = {rate: DispatchRate | null}

/** Consumers that take seconds for a message never look like a flow: that is theirs, and no reason to wait on. */
const PATIENCE_MS = 10_000

/** Gives back the dispatch rate that was found, and waits until every partition delivers. */
export const resume: MigrationStep<ResumeCapture> = {
  id: 'resume',
  capture(context) {
    return Promise.resolve({rate: context.captured('pause')['rate'] as DispatchRate | null})
  },
  async apply({admin, subscription, topic}, {rate}) {
    await admin.setSubscriptionDispatchRate(topic, subscription, rate)
    return {}
  },
  verifier(context) {
    const watch = new FlowWatch()
    const startMs = Date.now()
    return async () => {
      const looks = await lookAtSubscription(context)
      const atMs = Date.now()
      const flows = looks.map(({partition, stats}) => {
        const counters = {backlogEntries: stats.msgBacklog ?? 0, deliveredMessages: stats.msgOutCounter ?? 0}
        return {partition, sinceMs: watch.observe({partition, atMs, ...counters})}
      })
      const silent = flows.filter(({sinceMs}) => sinceMs === null)
      if (silent.length > 0 && atMs - startMs < PATIENCE_MS)
        return waiting(`delivery to run on ${partitionLabels(silent)}`)
      const latestMs = Math.max(...flows.map(({sinceMs}) => sinceMs ?? atMs))
      return done({flowsSince: new Date(latestMs).toISOString(), silent: silent.map(({partition}) => partition)})
    }
  },
  undo({plan}) {
    // Messages flow to the new consumers: the way back is a migration of its own, not an undo.
    return Promise.reject(new Conflict('E_NEW_CONSUMERS_IN', `${plan.to} consumers have messages already`))
  },
}

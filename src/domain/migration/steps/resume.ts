import type {DispatchRate} from '../../../clients/pulsar-admin/types.js'
import {Conflict} from '../../../errors.js'
import {type CursorLook, parsePosition} from '../drain.js'
import {FlowWatch} from '../flow.js'
import {done, type MigrationStep, waiting} from '../step.js'
import {lookAtCursors, partitionLabels} from './look.js'

type ResumeCapture = {rate: DispatchRate | null}

/** A read held back before the resume is made up to a second later; only what lasts longer is no burst. */
const SETTLE_MS = 1000
/** Consumers that take seconds for a message never look like a flow: that is theirs, and no reason to wait on. */
const PATIENCE_MS = 10_000

/** Gives back the dispatch rate that was found, and waits until every partition delivers without a break. */
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
      const flows = (await lookAtCursors(context)).map((look) => ({
        partition: look.partition,
        sinceMs: watch.observe({...look, hasWaiting: hasWaiting(look), deliveredMessages: look.deliveredMessages ?? 0}),
      }))
      const nowMs = Date.now()
      const silent = flows.filter(({sinceMs}) => sinceMs === null)
      if (silent.length > 0 && nowMs - startMs < PATIENCE_MS)
        return waiting(`delivery to run on ${partitionLabels(silent)}`)
      if (nowMs - startMs < SETTLE_MS) return waiting('delivery to go on running')
      const latestMs = Math.max(...flows.map(({sinceMs}) => sinceMs ?? nowMs))
      return done({flowsSince: new Date(latestMs).toISOString(), silent: silent.map(({partition}) => partition)})
    }
  },
  undo({plan}) {
    // Messages flow to the new consumers: the way back is a migration of its own, not an undo.
    return Promise.reject(new Conflict('E_NEW_CONSUMERS_IN', `${plan.to} consumers have messages already`))
  },
}

/** Whether entries lie at or behind the position that is read next. */
function hasWaiting({cursor, lastEntry}: CursorLook): boolean {
  const read = parsePosition(cursor.readPosition)
  const last = parsePosition(lastEntry ?? undefined)
  if (!read || !last) return true
  return last.ledgerId === read.ledgerId ? last.entryId >= read.entryId : last.ledgerId > read.ledgerId
}

import type {CursorLook} from '../../proofs/drain-proof.js'
import {parsePosition} from '../../../../position.js'
import {FlowWatch} from '../../proofs/delivery-proof.js'
import {done, type MigrationStep, waiting} from '../step.js'
import {consumersOf, lookAtCursors, lookAtSubscription, partitionLabels} from '../../broker/collect-samples.js'

type AttachCapture = Record<string, never>

/** A read held back before the hold ended is made up to a second later; only what lasts longer is no burst. */
const SETTLE_MS = 1000
/** Consumers that take seconds for a message never look like a flow: that is theirs, and no reason to wait on. */
const PATIENCE_MS = 10_000

/**
 * Waits until every partition has a consumer of the new type, and delivers without a break. From then on every slot has
 * an owner. It does not wait for the last of the fleet, whose subscribe may have failed on one partition and be tried
 * again half a minute later.
 */
export const attach: MigrationStep<AttachCapture> = {
  id: 'attach',
  isWatching: true,
  capture() {
    return Promise.resolve({})
  },
  apply() {
    return Promise.resolve({}) // changes nothing: the new fleet does the work
  },
  verifier(context) {
    const watch = new FlowWatch()
    let arrivedMs: number | null = null
    return async () => {
      const looks = await lookAtSubscription(context, context.leg.target)
      const open = looks.filter(({stats}) => stats?.type !== context.leg.to || consumersOf(stats) === 0)
      if (open.length > 0) {
        return waiting(`a ${context.leg.to} consumer on ${partitionLabels(open)}`)
      }
      const nowMs = Date.now()
      arrivedMs ??= nowMs
      const flows = (await lookAtCursors(context, context.leg.target)).map((look) => ({
        partition: look.partition,
        sinceMs: watch.observe({...look, hasWaiting: hasWaiting(look), deliveredMessages: look.deliveredMessages ?? 0}),
      }))
      const silent = flows.filter(({sinceMs}) => sinceMs === null)
      if (silent.length > 0 && nowMs - arrivedMs < PATIENCE_MS)
        return waiting(`delivery to run on ${partitionLabels(silent)}`)
      if (nowMs - arrivedMs < SETTLE_MS) return waiting('delivery to go on running')
      return done({
        partitions: looks.map(({partition, stats}) => ({partition, consumers: consumersOf(stats)})),
        arrivedAt: new Date(arrivedMs).toISOString(),
        flowsSince: new Date(Math.max(...flows.map(({sinceMs}) => sinceMs ?? nowMs))).toISOString(),
        silent: silent.map(({partition}) => partition),
      })
    }
  },
}

/** Whether entries lie at or behind the position that is read next. */
function hasWaiting({cursor, lastEntry}: CursorLook): boolean {
  const read = parsePosition(cursor.readPosition)
  const last = parsePosition(lastEntry ?? undefined)
  if (!read || !last) return true
  return last.ledgerId === read.ledgerId ? last.entryId >= read.entryId : last.ledgerId > read.ledgerId
}

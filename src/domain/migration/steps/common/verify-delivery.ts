import type {CursorSample} from '../../proofs/drain-proof.js'
import {parsePosition} from '../../../../position.js'
import {DeliveryProof} from '../../proofs/delivery-proof.js'
import {type MigrationStep, passed, waitingFor} from '../step.js'
import {consumersOf, partitionLabels, sampleCursors, sampleSubscription} from '../../broker/collect-samples.js'

type VerifyDeliveryCapture = Record<string, never>

/** A read held back before the hold ended is made up to a second later; only what lasts longer is no burst. */
const SETTLE_MS = 1000
/** Consumers that take seconds for a message never look like a flow: that is theirs, and no reason to wait on. */
const DELIVERY_TIMEOUT_MS = 10_000

/**
 * Waits until every partition has a consumer of the new type, and delivers without a break. From then on every slot has
 * an owner. It does not wait for the last of the fleet, whose subscribe may have failed on one partition and be tried
 * again half a minute later.
 */
export const verifyDelivery: MigrationStep<VerifyDeliveryCapture> = {
  id: 'verify-delivery',
  changesNothing: true,
  capture() {
    return Promise.resolve({})
  },
  apply() {
    return Promise.resolve({}) // changes nothing: the new fleet does the work
  },
  verifier(context) {
    const watch = new DeliveryProof()
    let arrivedMs: number | null = null
    return async () => {
      const samples = await sampleSubscription(context, context.direction.target)
      const open = samples.filter(({stats}) => stats?.type !== context.direction.to || consumersOf(stats) === 0)
      if (open.length > 0) {
        return waitingFor(`a ${context.direction.to} consumer on ${partitionLabels(open)}`)
      }
      const nowMs = Date.now()
      arrivedMs ??= nowMs
      const flows = (await sampleCursors(context, context.direction.target)).map((sample) => ({
        partition: sample.partition,
        sinceMs: watch.observe({
          ...sample,
          hasWaiting: hasWaiting(sample),
          deliveredMessages: sample.deliveredMessages ?? 0,
        }),
      }))
      const notDelivering = flows.filter(({sinceMs}) => sinceMs === null)
      if (notDelivering.length > 0 && nowMs - arrivedMs < DELIVERY_TIMEOUT_MS)
        return waitingFor(`delivery to run on ${partitionLabels(notDelivering)}`)
      if (nowMs - arrivedMs < SETTLE_MS) return waitingFor('delivery to go on running')
      return passed({
        partitions: samples.map(({partition, stats}) => ({partition, consumers: consumersOf(stats)})),
        arrivedAt: new Date(arrivedMs).toISOString(),
        flowsSince: new Date(Math.max(...flows.map(({sinceMs}) => sinceMs ?? nowMs))).toISOString(),
        notDelivering: notDelivering.map(({partition}) => partition),
      })
    }
  },
}

/** Whether entries lie at or behind the position that is read next. */
function hasWaiting({cursor, lastEntry}: CursorSample): boolean {
  const read = parsePosition(cursor.readPosition)
  const last = parsePosition(lastEntry ?? undefined)
  if (!read || !last) return true
  return last.ledgerId === read.ledgerId ? last.entryId >= read.entryId : last.ledgerId > read.ledgerId
}

import type {CursorSample} from '../../proofs/drain-proof.js'
import {parsePosition} from '../../../../position.js'
import {DeliveryProof} from '../../proofs/delivery-proof.js'
import {type WaitStep, passed, waitingFor} from '../step.js'
import {consumersOf, partitionLabels, sampleCursors, sampleSubscription} from '../../broker/collect-samples.js'

/** The broker makes up for a throttled read within a second; delivery that lasts longer is more than that burst. */
const SETTLE_MS = 1000
/** Consumers that need seconds for each message never show continuous delivery; the step does not wait longer for them. */
const DELIVERY_TIMEOUT_MS = 10_000

/**
 * Waits until every partition has a consumer of the new type and delivers without a break. From then on every slot has an
 * owner. It does not wait for all consumers: one whose subscribe failed on one partition retries only after about 30 s.
 */
export const verifyDelivery: WaitStep<'verify-delivery'> = {
  kind: 'wait',
  id: 'verify-delivery',
  timeout: 'attach',
  hooks: {
    'in-place': {after: ['resumed']},
    'blue-green': {after: ['resumed', 'stop-old']},
    'stop-start': {before: 'start-new', after: ['resumed']},
  },
  title: ({to}) => `wait until every partition has a ${to} consumer and delivers`,
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
        return waitingFor(`continuous delivery on ${partitionLabels(notDelivering)}`)
      if (nowMs - arrivedMs < SETTLE_MS) return waitingFor('continuous delivery for 1 s')
      return passed({
        partitions: samples.map(({partition, stats}) => ({partition, consumers: consumersOf(stats)})),
        arrivedAt: new Date(arrivedMs).toISOString(),
        flowsSince: new Date(Math.max(...flows.map(({sinceMs}) => sinceMs ?? nowMs))).toISOString(),
        notDelivering: notDelivering.map(({partition}) => partition),
      })
    }
  },
}

/** Whether there are entries at or after the read position. */
function hasWaiting({cursor, lastEntry}: CursorSample): boolean {
  const read = parsePosition(cursor.readPosition)
  const last = parsePosition(lastEntry ?? undefined)
  if (!read || !last) return true
  return last.ledgerId === read.ledgerId ? last.entryId >= read.entryId : last.ledgerId > read.ledgerId
}

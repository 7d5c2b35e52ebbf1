import {Conflict} from '../../../errors.js'
import {waitUntil} from '../../../wait-until.js'
import {durationText} from '../../../wording.js'
import {type CursorSample, isDrained} from '../proofs/drain-proof.js'
import type {BrokerContext} from './broker-context.js'
import {partitionLabels, sampleCursors} from './collect-samples.js'

const LATE_ACK_MS = 10_000
const SAMPLE_EVERY_MS = 20

/**
 * Samples the cursors again, directly before the switch. On a partition without traffic at the pause the rate still allows
 * one message. If that message arrives now, its acknowledgement is awaited.
 *
 * @throws Conflict E_NOT_DRAINED when it is not acknowledged within 10 s.
 */
export async function drainedCursors(context: BrokerContext): Promise<CursorSample[]> {
  let open: CursorSample[] = []
  const drained = await waitUntil(
    async () => {
      const samples = await sampleCursors(context, context.direction.source)
      open = samples.filter((sample) => sample.consumers > 0 && !isDrained(sample))
      return open.length === 0 ? samples : undefined
    },
    {everyMs: SAMPLE_EVERY_MS, timeoutMs: LATE_ACK_MS},
  )
  if (drained) return drained
  const message = `a message was delivered on ${partitionLabels(open)} after the drain and was not acknowledged within ${durationText(LATE_ACK_MS)}`
  throw new Conflict('E_NOT_DRAINED', message)
}

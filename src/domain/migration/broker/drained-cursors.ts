import {setTimeout as delay} from 'node:timers/promises'
import {Conflict} from '../../../errors.js'
import {type CursorSample, isDrained} from '../proofs/drain-proof.js'
import type {BrokerContext} from './broker-context.js'
import {partitionLabels, sampleCursors} from './collect-samples.js'

const LATE_ACK_MS = 10_000

/**
 * Looks once more, directly before the switch. A partition without traffic at the pause has one message of its limit
 * left: should it come now, its acknowledgement is waited for.
 *
 * @throws Conflict E_NOT_DRAINED when it is not acknowledged within 10 s.
 */
export async function drainedCursors(context: BrokerContext): Promise<CursorSample[]> {
  const deadline = Date.now() + LATE_ACK_MS
  let samples = await sampleCursors(context, context.direction.source)
  for (;;) {
    const open = samples.filter((sample) => sample.consumers > 0 && !isDrained(sample))
    if (open.length === 0) return samples
    if (Date.now() > deadline) {
      throw new Conflict(
        'E_NOT_DRAINED',
        `a message reached ${partitionLabels(open)} after the drain and is not acknowledged`,
      )
    }
    await delay(20)
    samples = await sampleCursors(context, context.direction.source)
  }
}

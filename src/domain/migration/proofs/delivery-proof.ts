/** One partition at one moment, after delivery has resumed. */
export interface DeliverySample {
  readonly partition: number | null
  readonly atMs: number
  /** whether there are entries that were not delivered to any consumer yet */
  readonly hasWaiting: boolean
  /** messages delivered since the topic was loaded */
  readonly deliveredMessages: number
}

interface Window {
  readonly startMs: number
  readonly delivered: number
  /** when the first of the consecutive delivering windows began; null while there is none */
  readonly flowsSinceMs: number | null
}

const WINDOW_MS = 60

/**
 * Detects since when a partition delivers without a break: in each window messages were delivered, or none was waiting. A
 * burst is not enough. A paused dispatcher delivers single messages when a policy changes or when it is recreated, and
 * after a throttled read it may stop after a burst for up to a second.
 */
export class DeliveryProof {
  private readonly windows = new Map<number | null, Window>()

  /** @returns since when the partition delivers, epoch ms; null while messages wait and none is delivered. */
  observe(sample: DeliverySample): number | null {
    const before = this.windows.get(sample.partition)
    if (before && sample.atMs - before.startMs < WINDOW_MS) return before.flowsSinceMs
    const next = nextWindow(before, sample)
    this.windows.set(sample.partition, next)
    return next.flowsSinceMs
  }
}

function nextWindow(before: Window | undefined, {atMs, deliveredMessages, hasWaiting}: DeliverySample): Window {
  const hasRisen = before !== undefined && deliveredMessages > before.delivered
  const beganMs = hasRisen ? before.startMs : atMs
  const moves = hasRisen || !hasWaiting
  return {startMs: atMs, delivered: deliveredMessages, flowsSinceMs: moves ? (before?.flowsSinceMs ?? beganMs) : null}
}

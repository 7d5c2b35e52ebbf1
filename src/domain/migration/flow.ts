/** One partition's counters at one moment, after delivery was let run. */
export interface FlowLook {
  readonly partition: number | null
  readonly atMs: number
  /** entries behind the mark-delete position */
  readonly backlogEntries: number
  /** messages delivered since the topic was loaded */
  readonly deliveredMessages: number
}

interface Window {
  readonly startMs: number
  readonly delivered: number
  /** when the first of the windows in a row that brought messages began; null while none has */
  readonly flowsSinceMs: number | null
  readonly rises: number
}

const WINDOW_MS = 60
const WINDOWS_NEEDED = 2

/**
 * Tells since when a partition delivers again. A few messages are no flow: a dispatcher that was paused hands out single
 * ones when a policy changes or when it is made anew, and after a read that was held back it may wait up to a second for
 * the next. So it takes two windows in a row that bring messages, or that nothing waits.
 */
export class FlowWatch {
  private readonly windows = new Map<number | null, Window>()

  /** @returns since when the partition delivers, epoch ms; null while it does not. */
  observe(look: FlowLook): number | null {
    const before = this.windows.get(look.partition)
    if (!before || look.atMs - before.startMs >= WINDOW_MS) this.windows.set(look.partition, nextWindow(before, look))
    const {flowsSinceMs, rises} = this.windows.get(look.partition) ?? {flowsSinceMs: null, rises: 0}
    if (rises >= WINDOWS_NEEDED) return flowsSinceMs
    return look.backlogEntries === 0 ? (flowsSinceMs ?? look.atMs) : null
  }
}

function nextWindow(before: Window | undefined, {atMs, deliveredMessages}: FlowLook): Window {
  const hasRisen = before !== undefined && deliveredMessages > before.delivered
  return {
    startMs: atMs,
    delivered: deliveredMessages,
    flowsSinceMs: hasRisen ? (before.flowsSinceMs ?? before.startMs) : null,
    rises: hasRisen ? before.rises + 1 : 0,
  }
}

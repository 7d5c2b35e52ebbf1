import {setTimeout as delay} from 'node:timers/promises'

import {isPassing} from '../control/transient-errors.js'
import type {StepContext} from '../steps/step.js'
import {lookAtFlow} from './collect-soak-sample.js'
import {type Baseline, baselineOf, judge, type Worse} from './soak-verdict.js'
import {type SoakLook, type SoakWindow, windowBetween} from './soak-window.js'

const WINDOW_MS = 2000
const BASELINE_WINDOWS = 2
/** Worse in so many windows in a row is no accident. */
const WINDOWS_NEEDED = 3

/** Looks at the old fleet while all is as it always was. */
export async function measureBaseline(context: StepContext): Promise<Baseline> {
  const looks = [await lookAtFlow(context, context.leg.source, null)]
  while (looks.length <= BASELINE_WINDOWS) {
    await delay(WINDOW_MS)
    looks.push(await lookAtFlow(context, context.leg.source, null))
  }
  return baselineOf(looks.slice(1).map((look, at) => windowBetween(looks[at] ?? look, look)))
}

export interface SoakTick {
  /** why it is worse, once it was so for several windows in a row; else empty */
  readonly worse: readonly Worse[]
  /** what is worse in the last window */
  readonly suspected: readonly Worse[]
}

/** Watches the new fleet, window by window. */
export class SoakWatch {
  private readonly context: StepContext
  private readonly baseline: Baseline
  private last: SoakLook | null = null
  private before: SoakWindow | null = null
  private badInARow = 0

  constructor(context: StepContext, baseline: Baseline) {
    this.context = context
    this.baseline = baseline
  }

  /** Takes one more look, a window after the last. */
  async tick(): Promise<SoakTick> {
    const {leg} = this.context
    const left = leg.source === leg.target ? null : leg.source
    if (this.last) await delay(Math.max(0, this.last.atMs + WINDOW_MS - Date.now()))
    const look = await this.look(leg.target, left)
    const window = this.last && look && windowBetween(this.last, look)
    this.last = look
    if (!window) return {worse: [], suspected: []}
    const suspected = judge(this.baseline, this.before, window, leg.to)
    this.before = window
    this.badInARow = suspected.length > 0 ? this.badInARow + 1 : 0
    return {worse: this.badInARow >= WINDOWS_NEEDED ? suspected : [], suspected}
  }

  /** A broker that is away for a moment tells nothing about the fleet: the watch begins anew when it is back. */
  private async look(flowing: string, left: string | null): Promise<SoakLook | null> {
    try {
      return await lookAtFlow(this.context, flowing, left)
    } catch (error) {
      if (!isPassing(error)) throw error
      await delay(WINDOW_MS)
      return null
    }
  }
}

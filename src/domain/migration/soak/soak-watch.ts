import {setTimeout as delay} from 'node:timers/promises'

import {isTransient} from '../control/transient-errors.js'
import type {StepContext} from '../steps/step.js'
import {sampleNewConsumers} from './collect-soak-sample.js'
import {type Baseline, baselineOf, type Regression, regressionsOf} from './soak-verdict.js'
import {type SoakSample, type SoakWindow, windowBetween} from './soak-window.js'

const WINDOW_MS = 2000
export const BASELINE_WINDOWS = 2
/** Regressions must appear in this number of consecutive windows; fewer may be noise. */
const WINDOWS_NEEDED = 3

/** Samples the old consumers before the migration pauses delivery. */
export async function measureBaseline(context: StepContext): Promise<Baseline> {
  const samples = [await sampleNewConsumers(context, context.direction.source, null)]
  while (samples.length <= BASELINE_WINDOWS) {
    await delay(WINDOW_MS)
    samples.push(await sampleNewConsumers(context, context.direction.source, null))
  }
  return baselineOf(samples.slice(1).map((sample, at) => windowBetween(samples[at] ?? sample, sample)))
}

export interface SoakTick {
  /** the regressions, once several consecutive windows had some; otherwise empty */
  readonly regressions: readonly Regression[]
  /** the regressions of the last window */
  readonly suspected: readonly Regression[]
}

/** Watches the new consumers, window by window. */
export class SoakWatch {
  private readonly context: StepContext
  private readonly baseline: Baseline
  private last: SoakSample | null = null
  private before: SoakWindow | null = null
  private badInARow = 0

  constructor(context: StepContext, baseline: Baseline) {
    this.context = context
    this.baseline = baseline
  }

  /** Takes one more sample, a window after the previous one. */
  async tick(): Promise<SoakTick> {
    const {direction} = this.context
    const left = direction.source === direction.target ? null : direction.source
    if (this.last) await delay(Math.max(0, this.last.atMs + WINDOW_MS - Date.now()))
    const sample = await this.sample(direction.target, left)
    const window = this.last && sample && windowBetween(this.last, sample)
    this.last = sample
    if (!window) return {regressions: [], suspected: []}
    const suspected = regressionsOf(this.baseline, this.before, window, direction.to)
    this.before = window
    this.badInARow = suspected.length > 0 ? this.badInARow + 1 : 0
    return {regressions: this.badInARow >= WINDOWS_NEEDED ? suspected : [], suspected}
  }

  /** An unavailable broker says nothing about the consumers: the watch starts over when it is available again. */
  private async sample(target: string, left: string | null): Promise<SoakSample | null> {
    try {
      return await sampleNewConsumers(this.context, target, left)
    } catch (error) {
      if (!isTransient(error)) throw error
      await delay(WINDOW_MS)
      return null
    }
  }
}

import {counted, durationText} from '../../../wording.js'
import {Stopped} from '../control/run-events.js'
import type {RunControl, RunOptions} from '../control/run-control.js'
import {find, isOpen} from '../journal/history.js'
import type {StepContext} from '../steps/step.js'
import type {Baseline, Regression} from './soak-verdict.js'
import {BASELINE_WINDOWS, measureBaseline, SoakWatch} from './soak-watch.js'

type SoakParts = Pick<RunOptions, 'interrupt' | 'journal' | 'soak'>

/** Measures the baseline, before delivery is paused. */
export async function measure(
  control: RunControl,
  context: StepContext,
  {journal, soak: wanted}: SoakParts,
): Promise<void> {
  if (wanted.forMs === 0 || find(control.history, 'forward', 'soak', 'captured')) return
  control.reportWaiting('baseline', `${counted(BASELINE_WINDOWS, 'measurement')} before the pause`, 0)
  journal.add('soak', 'captured', {baseline: await measureBaseline(context)})
}

/** Watches the new consumers; Ctrl-C ends the watch. @throws Stopped when they perform worse than the old ones. */
export async function soak(
  control: RunControl,
  context: StepContext,
  {interrupt, journal, soak: wanted}: SoakParts,
): Promise<void> {
  const baseline = find(control.history, 'forward', 'soak', 'captured')?.data['baseline'] as Baseline | undefined
  if (!baseline || find(control.history, 'forward', 'soak', 'verified')) return
  if (!isOpen(control.history, 'forward', 'soak')) await journal.addDurably('soak', 'intent')
  const since = Date.parse(find(control.history, 'forward', 'soak', 'intent')?.at ?? '')
  const watch = new SoakWatch(context, baseline)
  let regressions: readonly Regression[] = []
  while (regressions.length === 0 && Date.now() - since < wanted.forMs && !interrupt.aborted) {
    const tick = await watch.tick()
    await control.pollRequests()
    control.throwIfStopped('soak')
    const health = tick.suspected.length === 0 ? 'healthy so far' : textOf(tick.suspected)
    control.reportWaiting('soak', `the end of the ${durationText(wanted.forMs)} soak: ${health}`, Date.now() - since)
    regressions = tick.regressions
  }
  if (regressions.length > 0 && wanted.rollsBack) {
    throw new Stopped(`the new consumers perform worse than the old ones: ${textOf(regressions)}`, {rollsBack: true})
  }
  journal.add('soak', 'verified', {regressions})
  await control.runHook('soaked', context, 'soak')
}

function textOf(regressions: readonly Regression[]): string {
  return regressions.map(({message}) => message).join('; ')
}

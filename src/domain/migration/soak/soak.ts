import {Stopped} from '../control/run-events.js'
import type {Desk} from '../control/run-control.js'
import {find, isOpen} from '../journal/history.js'
import type {StepContext} from '../steps/step.js'
import type {Baseline, Worse} from './soak-verdict.js'
import {measureBaseline, SoakWatch} from './soak-watch.js'

/** What is normal, looked at before anything is held. */
export async function measure(desk: Desk, context: StepContext): Promise<void> {
  const {ledger, soak: wanted} = desk.options
  if (wanted.forMs === 0 || find(desk.history, 'forward', 'soak', 'captured')) return
  desk.wait('soak', 'two looks at what is normal', 0)
  ledger.note('soak', 'captured', {baseline: await measureBaseline(context)})
}

/** Watches the new fleet; Ctrl-C ends the watch. @throws Stopped when it does worse than the old one. */
export async function soak(desk: Desk, context: StepContext): Promise<void> {
  const {interrupt, ledger, soak: wanted} = desk.options
  const baseline = find(desk.history, 'forward', 'soak', 'captured')?.data['baseline'] as Baseline | undefined
  if (!baseline || find(desk.history, 'forward', 'soak', 'verified')) return
  if (!isOpen(desk.history, 'forward', 'soak')) await ledger.append('soak', 'intent')
  const since = Date.parse(find(desk.history, 'forward', 'soak', 'intent')?.at ?? '')
  const watch = new SoakWatch(context, baseline)
  let worse: readonly Worse[] = []
  while (worse.length === 0 && Date.now() - since < wanted.forMs && !interrupt.aborted) {
    const tick = await watch.tick()
    await desk.heed()
    desk.requireNotStopped('soak')
    const doubts = tick.suspected.length === 0 ? 'all is well so far' : textOf(tick.suspected)
    desk.wait('soak', `the end of the soak: ${doubts}`, Date.now() - since)
    worse = tick.worse
  }
  if (worse.length > 0 && wanted.goesBack) {
    throw new Stopped(`the new fleet does worse than the old one: ${textOf(worse)}`, {goesBack: true})
  }
  ledger.note('soak', 'verified', {worse})
  await desk.hook('soaked', context, 'soak')
}

function textOf(worse: readonly Worse[]): string {
  return worse.map(({message}) => message).join('; ')
}

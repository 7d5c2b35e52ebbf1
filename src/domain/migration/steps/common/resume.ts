import {type ChangeStep, passed, waitingFor} from '../step.js'

/** Ends the pause during which the consumers have connected. */
export const resume: ChangeStep<'resume'> = {
  kind: 'change',
  id: 'resume',
  timeout: 'policy',
  title: () => 'restore the original dispatch rate',
  capture(context) {
    const {direction} = context
    const found = direction.source === direction.target ? context.original('pause') : context.captured('pause-new')
    return Promise.resolve({rate: found?.rate ?? null})
  },
  async apply({direction, policies}, {rate}) {
    await policies.resume(direction.target, rate)
    return {}
  },
  verifier({direction, policies}) {
    return async () =>
      (await policies.isPaused(direction.target))
        ? waitingFor('the broker to show the original dispatch rate')
        : passed()
  },
}

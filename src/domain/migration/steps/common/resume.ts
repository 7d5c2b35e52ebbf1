import type {DispatchRate} from '../../../../clients/pulsar-admin/types.js'
import {type MigrationStep, passed, waitingFor} from '../step.js'

type ResumeCapture = {rate: DispatchRate | null}

/** Ends the pause during which the consumers have connected. */
export const resume: MigrationStep<ResumeCapture> = {
  id: 'resume',
  capture(context) {
    const {direction} = context
    const found = direction.source === direction.target ? context.original('pause') : context.captured('pause-new')
    return Promise.resolve({rate: (found?.['rate'] ?? null) as DispatchRate | null})
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

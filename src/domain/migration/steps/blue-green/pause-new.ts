import type {DispatchRate} from '../../../../clients/pulsar-admin/types.js'
import {type MigrationStep, passed, waitingFor} from '../step.js'

type PauseNewCapture = {rate: DispatchRate | null}

/**
 * Pauses the target before it is created, so that its consumers connect before anything is delivered. It comes before the
 * pause of the source, because it changes a policy.
 */
export const pauseNew: MigrationStep<PauseNewCapture> = {
  id: 'pause-new',
  async capture({direction, policies}) {
    return {rate: await policies.rate(direction.target)}
  },
  async apply({direction, policies}) {
    await policies.pauseUncreated(direction.target)
    return {}
  },
  verifier({direction, policies}) {
    return async () =>
      (await policies.isPaused(direction.target))
        ? passed()
        : waitingFor(`the broker to show the dispatch rate of ${direction.target}`)
  },
  async undo({direction, policies}, {rate}) {
    await policies.resume(direction.target, rate)
  },
}

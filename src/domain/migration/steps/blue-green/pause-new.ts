import type {DispatchRate} from '../../../../clients/pulsar-admin/types.js'
import {done, type MigrationStep, waiting} from '../step.js'

type PreholdCapture = {rate: DispatchRate | null}

/**
 * Holds the target before it is made, so that its fleet gathers before anything is delivered. It comes before the pause,
 * for it changes a policy.
 */
export const prehold: MigrationStep<PreholdCapture> = {
  id: 'prehold',
  async capture({leg, policies}) {
    return {rate: await policies.rate(leg.target)}
  },
  async apply({leg, policies}) {
    await policies.holdUnmade(leg.target)
    return {}
  },
  verifier({leg, policies}) {
    return async () =>
      (await policies.isHeld(leg.target)) ? done() : waiting(`the broker to show the dispatch rate of ${leg.target}`)
  },
  async undo({leg, policies}, {rate}) {
    await policies.letRun(leg.target, rate)
  },
}

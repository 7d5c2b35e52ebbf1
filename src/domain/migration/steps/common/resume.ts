import type {DispatchRate} from '../../../../clients/pulsar-admin/types.js'
import {done, type MigrationStep, waiting} from '../step.js'

type ReleaseCapture = {rate: DispatchRate | null}

/** Ends the hold under which the fleet has gathered. */
export const release: MigrationStep<ReleaseCapture> = {
  id: 'release',
  capture(context) {
    const {leg} = context
    const found = leg.source === leg.target ? context.original('pause') : context.captured('prehold')
    return Promise.resolve({rate: (found?.['rate'] ?? null) as DispatchRate | null})
  },
  async apply({leg, policies}, {rate}) {
    await policies.letRun(leg.target, rate)
    return {}
  },
  verifier({leg, policies}) {
    return async () =>
      (await policies.isHeld(leg.target)) ? waiting('the broker to show the dispatch rate that was found') : done()
  },
}

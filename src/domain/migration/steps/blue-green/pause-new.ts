import {type ChangeStep, passed, waitingFor} from '../step.js'

/**
 * Pauses the target before it is created, so that its consumers connect before anything is delivered. It comes before the
 * pause of the source, because it changes a policy.
 */
export const pauseNew: ChangeStep<'pause-new'> = {
  kind: 'change',
  id: 'pause-new',
  timeout: 'policy',
  title: ({target}) => `pause delivery to ${target} before it is created, so that all its consumers can connect first`,
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

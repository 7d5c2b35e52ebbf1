import {ArrivalProof} from '../../proofs/arrival-proof.js'
import type {DirectionPlan} from '../../plan/direction.js'
import type {MigrationPlan} from '../../plan/plan.js'
import {type MigrationStep, passed, waitingFor} from '../step.js'
import {consumersOf, partitionLabels, sampleSubscription} from '../../broker/collect-samples.js'

/** Waits for the fleet that comes while its delivery is held: where the broker may deliver twice to who joins under load. */
export const awaitConsumers: MigrationStep<Record<string, never>> = {
  id: 'await-consumers',
  changesNothing: true,
  capture() {
    return Promise.resolve({})
  },
  apply() {
    return Promise.resolve({}) // changes nothing: the fleet does the work
  },
  verifier(context) {
    const {direction, plan} = context
    const expected = expectedOf(plan, direction)
    const arrival = new ArrivalProof(expected)
    return async () => {
      const samples = await sampleSubscription(context, direction.target)
      const open = samples.filter(({stats}) => stats?.type !== direction.to || consumersOf(stats) === 0)
      if (open.length > 0) return waitingFor(`a ${direction.to} consumer on ${partitionLabels(open)}`)
      const {hasArrived, least} = arrival.observe(samples, Date.now())
      return hasArrived
        ? passed({consumers: least})
        : waitingFor(
            `the ${direction.to} fleet to gather: ${String(least)} of ${String(expected)} consumers on every partition`,
          )
    }
  },
}

/** How many consumers a partition is to have: as many as was said, else as many as the fleet that is known had. */
function expectedOf({consumersSeen, expectConsumers}: MigrationPlan, {name}: DirectionPlan): number {
  return (name === 'forward' ? expectConsumers : null) ?? consumersSeen.length
}

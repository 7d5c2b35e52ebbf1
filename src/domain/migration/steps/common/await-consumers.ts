import {Gathering} from '../../proofs/arrival-proof.js'
import type {Leg} from '../../plan/direction.js'
import type {MigrationPlan} from '../../plan/plan.js'
import {done, type MigrationStep, waiting} from '../step.js'
import {consumersOf, lookAtSubscription, partitionLabels} from '../../broker/collect-samples.js'

/** Waits for the fleet that comes while its delivery is held: where the broker may deliver twice to who joins under load. */
export const gather: MigrationStep<Record<string, never>> = {
  id: 'gather',
  isWatching: true,
  capture() {
    return Promise.resolve({})
  },
  apply() {
    return Promise.resolve({}) // changes nothing: the fleet does the work
  },
  verifier(context) {
    const {leg, plan} = context
    const expected = expectedOf(plan, leg)
    const gathering = new Gathering(expected)
    return async () => {
      const looks = await lookAtSubscription(context, leg.target)
      const open = looks.filter(({stats}) => stats?.type !== leg.to || consumersOf(stats) === 0)
      if (open.length > 0) return waiting(`a ${leg.to} consumer on ${partitionLabels(open)}`)
      const {isThere, least} = gathering.observe(looks, Date.now())
      return isThere
        ? done({consumers: least})
        : waiting(`the ${leg.to} fleet to gather: ${String(least)} of ${String(expected)} consumers on every partition`)
    }
  },
}

/** How many consumers a partition is to have: as many as was said, else as many as the fleet that is known had. */
function expectedOf({consumersSeen, expectConsumers}: MigrationPlan, {name}: Leg): number {
  return (name === 'forward' ? expectConsumers : null) ?? consumersSeen.length
}

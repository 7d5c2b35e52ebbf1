import {ArrivalProof} from '../../proofs/arrival-proof.js'
import type {DirectionPlan} from '../../plan/direction.js'
import type {MigrationPlan} from '../../plan/plan.js'
import {type WaitStep, passed, waitingFor} from '../step.js'
import {consumersOf, partitionLabels, sampleSubscription} from '../../broker/collect-samples.js'

/** Waits for the consumers while delivery is paused, on brokers that may deliver twice when consumers join under load. */
export const awaitConsumers: WaitStep<'await-consumers'> = {
  kind: 'wait',
  id: 'await-consumers',
  timeout: 'attach',
  title: ({to}) => `wait until the ${to} consumers are connected, while delivery is still paused`,
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
            `consumers of type ${direction.to}: at least ${String(least)} of ${String(expected)} connected on every partition`,
          )
    }
  },
}

/** The number of consumers a partition should get: that of --expect-consumers, otherwise that of the old consumers. */
function expectedOf({consumersSeen, expectConsumers}: MigrationPlan, {name}: DirectionPlan): number {
  return (name === 'forward' ? expectConsumers : null) ?? consumersSeen.length
}

import type {AutoSubscriptionCreation, DispatchRate} from '../../../../clients/pulsar-admin/types.js'
import {Conflict} from '../../../../errors.js'
import {AUTO_CREATE} from '../../broker/auto-create.js'
import {type MigrationStep, passed, waitingFor} from '../step.js'
import {partitionLabels, sampleSubscription} from '../../broker/collect-samples.js'
import {deleteOn} from '../../broker/subscription-placement.js'

type BlockAutoCreateCapture = {autoCreation: AutoSubscriptionCreation | null}

/**
 * Makes the broker refuse subscriptions that would come into being by themselves. So the fleet that waits for the target
 * is refused until the target is made, at the right position, and a fleet whose subscription is gone does not make it
 * again: in either case the broker keeps the state, whatever becomes of this process. Neighbours have theirs already.
 *
 * Going back leaves it closed, for a fleet that still waits for the target would make it: finish opens it.
 */
export const blockAutoCreate: MigrationStep<BlockAutoCreateCapture> = {
  id: 'block-auto-create',
  async capture({policies}) {
    return {autoCreation: await policies.autoCreation()}
  },
  async apply(context, {autoCreation: found}) {
    const {direction, policies} = context
    if (found?.allowAutoSubscriptionCreation !== false) {
      // Going back, somebody has opened it, and the old fleet may be there again: no policy changes while it is held.
      if (direction.name === 'rollback') await deleteOn(context, direction.target, context.partitions)
      await policies.setAutoCreation(AUTO_CREATE.blocked)
    }
    if (direction.name === 'rollback') {
      // What is left of the old side was drained, and the fence still stands: it is made anew where the new side stops.
      await deleteOn(context, direction.target, context.partitions)
      await policies.resume(direction.target, (context.original('pause')?.['rate'] ?? null) as DispatchRate | null)
    }
    return {}
  },
  verifier(context) {
    const {direction, policies} = context
    return async () => {
      const [now, samples] = await Promise.all([policies.autoCreation(), sampleSubscription(context, direction.target)])
      if (now?.allowAutoSubscriptionCreation !== false) return waitingFor('the broker to show autoSubscriptionCreation')
      const made = samples.filter(({stats}) => stats !== null && stats.isDurable !== false)
      if (made.length === 0) {
        await context.placeholder.reserve(context.topic, direction.target)
        return passed()
      }
      if (direction.name === 'rollback') return waitingFor(`${direction.target} to be gone on ${partitionLabels(made)}`)
      if (context.original('create-new') !== null) return passed() // by the process before this one
      throw new Conflict(
        'E_CLUSTER_CHANGED',
        `a consumer has made ${direction.target} on ${partitionLabels(made)}; stop the new fleet, delete it and plan again`,
      )
    }
  },
}

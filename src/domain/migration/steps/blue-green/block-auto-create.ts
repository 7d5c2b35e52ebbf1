import {Conflict} from '../../../../errors.js'
import {AUTO_CREATE} from '../../broker/auto-create.js'
import {type ChangeStep, passed, waitingFor} from '../step.js'
import {partitionLabels, sampleSubscription} from '../../broker/collect-samples.js'
import {deleteOn} from '../../broker/subscription-placement.js'

/**
 * Disables automatic subscription creation. So waiting consumers are refused until the target is created at the right
 * position, and consumers of a deleted subscription do not create it again. The broker enforces both even if this process
 * dies. Other subscriptions of the topic exist already and are not affected.
 *
 * A rollback leaves it disabled, because consumers that still wait for the target would create it; `finish` restores it.
 */
export const blockAutoCreate: ChangeStep<'block-auto-create'> = {
  kind: 'change',
  id: 'block-auto-create',
  timeout: 'policy',
  title: () => 'disable automatic subscription creation on the topic (autoSubscriptionCreation)',
  async capture({policies}) {
    return {autoCreation: await policies.autoCreation()}
  },
  async apply(context, {autoCreation: found}) {
    const {direction, policies} = context
    if (found?.allowAutoSubscriptionCreation !== false) {
      // During a rollback an operator may have allowed automatic creation again, and the old consumers may have reconnected to the
      // paused subscription. A policy change would deliver one message per partition to them, so it is deleted first.
      if (direction.name === 'rollback') await deleteOn(context, direction.target, context.partitions)
      await policies.setAutoCreation(AUTO_CREATE.blocked)
    }
    if (direction.name === 'rollback') {
      // The old subscription was drained and its type is still forbidden: it is recreated where the new one stops.
      await deleteOn(context, direction.target, context.partitions)
      await policies.resume(direction.target, context.original('pause')?.rate ?? null)
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
      if (direction.name === 'rollback')
        return waitingFor(`the deletion of ${direction.target} on ${partitionLabels(made)}`)
      if (context.original('create-new') !== null) return passed() // created by an earlier process of this migration
      throw new Conflict(
        'E_CLUSTER_CHANGED',
        `a consumer has created ${direction.target} on ${partitionLabels(made)}; stop the new consumers, delete the subscription and plan again`,
      )
    }
  },
}

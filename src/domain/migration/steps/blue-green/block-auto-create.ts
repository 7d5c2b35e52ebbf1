import type {AutoSubscriptionCreation, DispatchRate} from '../../../../clients/pulsar-admin/types.js'
import {Conflict} from '../../../../errors.js'
import {DOOR} from '../../broker/auto-create.js'
import {done, type MigrationStep, waiting} from '../step.js'
import {lookAtSubscription, partitionLabels} from '../../broker/collect-samples.js'
import {deleteOn} from '../../broker/subscription-placement.js'

type DoorCapture = {door: AutoSubscriptionCreation | null}

/**
 * Makes the broker refuse subscriptions that would come into being by themselves. So the fleet that waits for the target
 * is refused until the target is made, at the right position, and a fleet whose subscription is gone does not make it
 * again: in either case the broker keeps the state, whatever becomes of this process. Neighbours have theirs already.
 *
 * Going back leaves it closed, for a fleet that still waits for the target would make it: finish opens it.
 */
export const door: MigrationStep<DoorCapture> = {
  id: 'door',
  async capture({policies}) {
    return {door: await policies.door()}
  },
  async apply(context, {door: found}) {
    const {leg, policies} = context
    if (found?.allowAutoSubscriptionCreation !== false) {
      // Going back, somebody has opened it, and the old fleet may be there again: no policy changes while it is held.
      if (leg.name === 'back') await deleteOn(context, leg.target, context.partitions)
      await policies.setDoor(DOOR.closed)
    }
    if (leg.name === 'back') {
      // What is left of the old side was drained, and the fence still stands: it is made anew where the new side stops.
      await deleteOn(context, leg.target, context.partitions)
      await policies.letRun(leg.target, (context.original('pause')?.['rate'] ?? null) as DispatchRate | null)
    }
    return {}
  },
  verifier(context) {
    const {leg, policies} = context
    return async () => {
      const [now, looks] = await Promise.all([policies.door(), lookAtSubscription(context, leg.target)])
      if (now?.allowAutoSubscriptionCreation !== false) return waiting('the broker to show autoSubscriptionCreation')
      const made = looks.filter(({stats}) => stats !== null && stats.isDurable !== false)
      if (made.length === 0) {
        await context.seat.take(context.topic, leg.target)
        return done()
      }
      if (leg.name === 'back') return waiting(`${leg.target} to be gone on ${partitionLabels(made)}`)
      if (context.original('reserve') !== null) return done() // by the process before this one
      throw new Conflict(
        'E_WORLD_CHANGED',
        `a consumer has made ${leg.target} on ${partitionLabels(made)}; stop the new fleet, delete it and plan again`,
      )
    }
  },
}

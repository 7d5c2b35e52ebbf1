import {setTimeout as delay} from 'node:timers/promises'

import {Conflict} from '../../../../errors.js'
import {done, type MigrationStep, type StepContext, waiting} from '../step.js'
import {DOOR} from '../../broker/auto-create.js'
import {handOver} from '../../broker/switch-position.js'
import {consumersOf, lookAtCursors, lookAtSubscription, partitionLabels} from '../../broker/collect-samples.js'
import {deleteOn, identityOf, makeAt, type SubscriptionIdentity} from '../../broker/subscription-placement.js'

type ReserveCapture = {identity: SubscriptionIdentity}

/**
 * Makes the target, in the place of the seat, while the fence keeps its fleet out; it is placed when the source is drained.
 *
 * The door is open for that moment: the broker asks it before the fence, and a C++ client that is told that there is no
 * such subscription does not try again for 30 s (3.13: "Ignoring reconnection request since we're already connected").
 * Told by the fence, it fails at once, and its program tries again at its own pace.
 */
export const reserve: MigrationStep<ReserveCapture> = {
  id: 'reserve',
  async capture(context) {
    const looks = await lookAtSubscription(context, context.leg.source)
    // On the way back the target is the old subscription: it gets what it had.
    const before = context.leg.name === 'back' ? context.original('reserve')?.['identity'] : undefined
    const found = looks.find(({stats}) => stats !== null)?.stats
    return {identity: (before as SubscriptionIdentity | undefined) ?? identityOf(found ?? {})}
  },
  async apply(context, {identity}) {
    const {leg, policies, seat} = context
    await policies.setDoor(DOOR.open)
    await seat.release()
    await untilGivenUp(context)
    const standing = (await lookAtCursors(context, leg.source)).map(handOver)
    await makeAt(context, leg.target, standing, identity)
    await policies.setDoor(DOOR.closed)
    return {}
  },
  verifier(context) {
    const {leg, policies} = context
    return async () => {
      const [door, looks] = await Promise.all([policies.door(), lookAtSubscription(context, leg.target)])
      const open = looks.filter(({stats}) => stats === null || stats.isDurable === false)
      if (open.length > 0) return waiting(`${leg.target} on ${partitionLabels(open)}`)
      const early = looks.filter(({stats}) => consumersOf(stats) > 0)
      if (early.length > 0)
        throw new Conflict('E_WORLD_CHANGED', `consumers of ${leg.target} on ${partitionLabels(early)}`)
      return door?.allowAutoSubscriptionCreation === false
        ? done()
        : waiting('the broker to show autoSubscriptionCreation')
    }
  },
  async undo(context) {
    await deleteOn(context, context.leg.target, context.partitions)
    await context.policies.setDoor(DOOR.closed)
  },
}

const GIVE_UP_MS = 5000

/** The broker lets go of the seat a moment after its connection has ended. */
async function untilGivenUp(context: StepContext): Promise<void> {
  const {target} = context.leg
  const deadline = Date.now() + GIVE_UP_MS
  for (;;) {
    const looks = await lookAtSubscription(context, target)
    const taken = looks.filter(({stats}) => stats?.isDurable === false)
    if (taken.length === 0) return
    if (Date.now() > deadline) {
      const where = `${target} on ${partitionLabels(taken)}`
      throw new Conflict('E_NAME_TAKEN', `somebody keeps a subscription that is not durable: ${where}`)
    }
    await delay(5)
  }
}

import {setTimeout as delay} from 'node:timers/promises'

import {Conflict} from '../../../../errors.js'
import {type MigrationStep, passed, type StepContext, waitingFor} from '../step.js'
import {AUTO_CREATE} from '../../broker/auto-create.js'
import {switchPositionOf} from '../../broker/switch-position.js'
import {consumersOf, partitionLabels, sampleCursors, sampleSubscription} from '../../broker/collect-samples.js'
import {createAt, deleteOn, identityOf, type SubscriptionIdentity} from '../../broker/subscription-placement.js'

type CreateNewCapture = {identity: SubscriptionIdentity}

/**
 * Makes the target, in the place of the seat, while the fence keeps its fleet out; it is placed when the source is drained.
 *
 * The door is open for that moment: the broker asks it before the fence, and a C++ client that is told that there is no
 * such subscription does not try again for 30 s (3.13: "Ignoring reconnection request since we're already connected").
 * Told by the fence, it fails at once, and its program tries again at its own pace.
 */
export const createNew: MigrationStep<CreateNewCapture> = {
  id: 'create-new',
  async capture(context) {
    const samples = await sampleSubscription(context, context.direction.source)
    // On the way back the target is the old subscription: it gets what it had.
    const before = context.direction.name === 'rollback' ? context.original('create-new')?.['identity'] : undefined
    const found = samples.find(({stats}) => stats !== null)?.stats
    return {identity: (before as SubscriptionIdentity | undefined) ?? identityOf(found ?? {})}
  },
  async apply(context, {identity}) {
    const {direction, policies, placeholder} = context
    await policies.setAutoCreation(AUTO_CREATE.allowed)
    await placeholder.release()
    await untilPlaceholderClosed(context)
    const positions = (await sampleCursors(context, direction.source)).map(switchPositionOf)
    await createAt(context, direction.target, positions, identity)
    await policies.setAutoCreation(AUTO_CREATE.blocked)
    return {}
  },
  verifier(context) {
    const {direction, policies} = context
    return async () => {
      const [autoCreation, samples] = await Promise.all([
        policies.autoCreation(),
        sampleSubscription(context, direction.target),
      ])
      const open = samples.filter(({stats}) => stats === null || stats.isDurable === false)
      if (open.length > 0) return waitingFor(`${direction.target} on ${partitionLabels(open)}`)
      const early = samples.filter(({stats}) => consumersOf(stats) > 0)
      if (early.length > 0)
        throw new Conflict('E_CLUSTER_CHANGED', `consumers of ${direction.target} on ${partitionLabels(early)}`)
      return autoCreation?.allowAutoSubscriptionCreation === false
        ? passed()
        : waitingFor('the broker to show autoSubscriptionCreation')
    }
  },
  async undo(context) {
    await deleteOn(context, context.direction.target, context.partitions)
    await context.policies.setAutoCreation(AUTO_CREATE.blocked)
  },
}

const CLOSE_MS = 5000

/** The broker lets go of the seat a moment after its connection has ended. */
async function untilPlaceholderClosed(context: StepContext): Promise<void> {
  const {target} = context.direction
  const deadline = Date.now() + CLOSE_MS
  for (;;) {
    const samples = await sampleSubscription(context, target)
    const taken = samples.filter(({stats}) => stats?.isDurable === false)
    if (taken.length === 0) return
    if (Date.now() > deadline) {
      const where = `${target} on ${partitionLabels(taken)}`
      throw new Conflict('E_SUBSCRIPTION_IN_USE', `somebody keeps a subscription that is not durable: ${where}`)
    }
    await delay(5)
  }
}

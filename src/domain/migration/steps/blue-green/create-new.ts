import {Conflict} from '../../../../errors.js'
import {waitUntil} from '../../../../wait-until.js'
import {type ChangeStep, passed, type StepContext, waitingFor} from '../step.js'
import {AUTO_CREATE} from '../../broker/auto-create.js'
import {switchPositionOf} from '../../broker/switch-position.js'
import {
  consumersOf,
  partitionLabels,
  sampleCursors,
  sampleSubscription,
  type SubscriptionSample,
} from '../../broker/collect-samples.js'
import {createAt, deleteOn, identityOf} from '../../broker/subscription-placement.js'

/**
 * Creates the target in place of the placeholder, while the type restriction blocks its consumers. Its position is set when
 * the source is drained.
 *
 * Automatic creation is allowed for this moment, because the broker checks it before the subscription type. A C++ client
 * (3.13) that gets "subscription not found" does not retry for 30 s ("Ignoring reconnection request since we're already
 * connected"). Refused by type, it fails at once, and the application retries at its own pace.
 */
export const createNew: ChangeStep<'create-new'> = {
  kind: 'change',
  id: 'create-new',
  timeout: 'policy',
  title: ({target}) => `create ${target}, still blocked for all consumers`,
  async capture(context) {
    const samples = await sampleSubscription(context, context.direction.source)
    // In a rollback the target is the old subscription: its original settings are restored.
    const before = context.direction.name === 'rollback' ? context.original('create-new')?.identity : undefined
    const found = samples.find(({stats}) => stats !== null)?.stats
    return {identity: before ?? identityOf(found ?? {})}
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
      if (open.length > 0) return waitingFor(`the creation of ${direction.target} on ${partitionLabels(open)}`)
      const early = samples.filter(({stats}) => consumersOf(stats) > 0)
      if (early.length > 0)
        throw new Conflict(
          'E_CLUSTER_CHANGED',
          `consumers connected to ${direction.target} before the switch, on ${partitionLabels(early)}`,
        )
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
const CHECK_CLOSED_EVERY_MS = 5

/** The broker removes the placeholder a moment after its connection is closed. */
async function untilPlaceholderClosed(context: StepContext): Promise<void> {
  const {target} = context.direction
  let reserved: SubscriptionSample[] = []
  const isClosed = await waitUntil(
    async () => {
      const samples = await sampleSubscription(context, target)
      reserved = samples.filter(({stats}) => stats?.isDurable === false)
      return reserved.length === 0 ? true : undefined
    },
    {everyMs: CHECK_CLOSED_EVERY_MS, timeoutMs: CLOSE_MS},
  )
  if (isClosed) return
  const message = `another client holds ${target} on ${partitionLabels(reserved)} as a non-durable subscription`
  throw new Conflict('E_SUBSCRIPTION_IN_USE', message)
}

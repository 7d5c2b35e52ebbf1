import {AdminRefused} from '../../../clients/pulsar-admin/http.js'
import {Conflict} from '../../../errors.js'
import {parsePosition} from '../drain.js'
import type {StepContext} from '../step.js'
import type {HandOver} from './drain.js'
import {consumersOf, lookAtSubscription, requireSubscription} from './look.js'

/** What a subscription is beside its position: kept when it is made anew. */
export interface SubscriptionIdentity {
  readonly properties: Readonly<Record<string, string>>
  readonly isReplicated: boolean
}

export async function identityOf(context: StepContext, subscription: string): Promise<SubscriptionIdentity> {
  const [first] = await requireSubscription(context, subscription)
  return {
    properties: first?.stats.subscriptionProperties ?? {},
    isReplicated: first?.stats.isReplicated ?? false,
  }
}

/**
 * Makes a subscription that begins exactly behind the hand-over point of each partition. The broker places a cursor and
 * publishes on the same thread of a topic, so no message gets lost between the two, also at the end of the topic
 * (ManagedCursorImpl.asyncResetCursor and OpAddEntry of 3.0.7, 4.0.7 and 4.2.4).
 */
export async function makeAt(
  context: StepContext,
  subscription: string,
  handedOver: readonly HandOver[],
  identity: SubscriptionIdentity,
): Promise<void> {
  await Promise.all(handedOver.map((row) => makeOne(context, subscription, row, identity)))
}

async function makeOne(
  context: StepContext,
  subscription: string,
  {markDelete, partition}: HandOver,
  identity: SubscriptionIdentity,
): Promise<void> {
  const {admin} = context
  const name = context.partitions.find((row) => row.partition === partition)?.name
  const position = parsePosition(markDelete)
  if (!name || !position) throw new Conflict('E_NO_POSITION', `no hand-over point for partition ${String(partition)}`)
  try {
    await admin.createSubscriptionBehind(name, subscription, {...identity, position})
  } catch (error) {
    if (!(error instanceof AdminRefused) || error.status !== 409) throw error
    // It is there from a try that was cut off, perhaps before the broker had placed its cursor.
    const looks = await lookAtSubscription(context, subscription)
    const stats = looks.find((look) => look.partition === partition)?.stats ?? null
    if (consumersOf(stats) === 0 && !stats?.msgOutCounter) await admin.resetCursorBehind(name, subscription, position)
  }
}

/** Deletes a subscription on these partitions, with its consumers' connections to it; absent is deleted. */
export async function deleteOn(
  {admin, partitions}: StepContext,
  subscription: string,
  rows: ReadonlyArray<{readonly partition: number | null}>,
): Promise<void> {
  const chosen = partitions.filter(({partition}) => rows.some((row) => row.partition === partition))
  await Promise.all(
    chosen.map(async ({name}) => {
      try {
        await admin.deleteSubscription(name, subscription)
      } catch (error) {
        if (!(error instanceof AdminRefused) || error.status !== 404) throw error
      }
    }),
  )
}

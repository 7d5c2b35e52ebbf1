import {parsePosition, type Position} from '../../../position.js'
import {unlessRefused} from '../../../clients/pulsar-admin/admin-refused.js'
import type {SubscriptionStats} from '../../../clients/pulsar-admin/types.js'
import {Conflict} from '../../../errors.js'
import type {TopicName} from '../../../topic-name.js'
import type {BrokerContext} from './broker-context.js'
import type {SwitchPosition} from './switch-position.js'
import {sampleCursors} from './collect-samples.js'

/** What a subscription is beside its position: kept when it is made anew. */
export interface SubscriptionIdentity {
  readonly properties: Readonly<Record<string, string>>
  readonly isReplicated: boolean
}

export function identityOf({isReplicated, subscriptionProperties}: SubscriptionStats): SubscriptionIdentity {
  return {properties: subscriptionProperties ?? {}, isReplicated: isReplicated ?? false}
}

/**
 * Makes a subscription that begins exactly behind the hand-over point of each partition. The broker places a cursor and
 * publishes on the same thread of a topic, so no message gets lost between the two, also at the end of the topic
 * (ManagedCursorImpl.asyncResetCursor and OpAddEntry of 3.0.7, 4.0.7 and 4.2.4). A failure is told when all partitions
 * have answered: the next try must not meet requests of this one.
 */
export async function createAt(
  context: BrokerContext,
  subscription: string,
  switchPositions: readonly SwitchPosition[],
  identity: SubscriptionIdentity,
): Promise<void> {
  const answers = await Promise.allSettled(
    switchPositions.map((row) => createOne(context, subscription, row, identity)),
  )
  const failure = answers.find((answer) => answer.status === 'rejected')
  if (failure) throw failure.reason
  const found = switchPositions.filter((_, at) => answers[at]?.status === 'fulfilled' && answers[at].value === 'found')
  if (found.length > 0) await resetUnpositioned(context, subscription, found)
}

async function createOne(
  context: BrokerContext,
  subscription: string,
  row: SwitchPosition,
  identity: SubscriptionIdentity,
): Promise<'found' | 'created'> {
  const {name, position} = targetOf(context, row)
  const creating = context.admin.createSubscriptionBehind(name, subscription, {...identity, position})
  return unlessRefused(
    409,
    creating.then((): 'created' => 'created'),
    'found',
  )
}

/**
 * What is there already comes from a try that was cut off, perhaps before the broker had placed its cursor. One that
 * stands right is left alone: its fleet may be getting in, and would get again what it gets now.
 */
async function resetUnpositioned(
  context: BrokerContext,
  subscription: string,
  found: readonly SwitchPosition[],
): Promise<void> {
  const samples = await sampleCursors(context, subscription)
  const unpositioned = found.filter(({markDelete, partition}) => {
    const sample = samples.find((row) => row.partition === partition)
    if (!sample) return true
    const isUsed = sample.consumers > 0 || sample.deliveredMessages !== 0
    return !isUsed && sample.cursor.markDeletePosition !== markDelete
  })
  await resetTo(context, subscription, unpositioned)
}

/** Places a subscription's cursor behind the hand-over point of each partition; who is connected there is disconnected. */
export async function resetTo(
  context: BrokerContext,
  subscription: string,
  rows: readonly SwitchPosition[],
): Promise<void> {
  await Promise.all(
    rows.map((row) => {
      const {name, position} = targetOf(context, row)
      return context.admin.resetCursorBehind(name, subscription, position)
    }),
  )
}

function targetOf(
  {partitions}: BrokerContext,
  {markDelete, partition}: SwitchPosition,
): {name: TopicName; position: Position} {
  const name = partitions.find((row) => row.partition === partition)?.name
  const position = parsePosition(markDelete)
  if (!name || !position)
    throw new Conflict('E_POSITION_UNKNOWN', `no hand-over point for partition ${String(partition)}`)
  return {name, position}
}

/** Deletes a subscription on these partitions, with its consumers' connections to it; absent is deleted. */
export async function deleteOn(
  {admin, partitions}: BrokerContext,
  subscription: string,
  rows: ReadonlyArray<{readonly partition: number | null}>,
): Promise<void> {
  const chosen = partitions.filter(({partition}) => rows.some((row) => row.partition === partition))
  await Promise.all(chosen.map(({name}) => unlessRefused(404, admin.deleteSubscription(name, subscription), undefined)))
}

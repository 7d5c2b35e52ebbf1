import {parsePosition, type Position} from '../../../position.js'
import {orOnStatus} from '../../../clients/pulsar-admin/admin-refused.js'
import type {SubscriptionStats} from '../../../clients/pulsar-admin/types.js'
import {Conflict} from '../../../errors.js'
import type {TopicName} from '../../../topic-name.js'
import type {BrokerContext} from './broker-context.js'
import type {SwitchPosition} from './switch-position.js'
import {sampleCursors} from './collect-samples.js'
import {partitionLabel} from '../../../wording.js'

/** The settings of a subscription apart from its position; they are kept when it is recreated. */
export interface SubscriptionIdentity {
  readonly properties: Readonly<Record<string, string>>
  readonly isReplicated: boolean
}

export function identityOf({isReplicated, subscriptionProperties}: SubscriptionStats): SubscriptionIdentity {
  return {properties: subscriptionProperties ?? {}, isReplicated: isReplicated ?? false}
}

/**
 * Creates a subscription that begins directly after the switch position of each partition. The broker resets a cursor and
 * publishes on the same thread of a topic, so no message is lost between the two, also at the end of the topic
 * (ManagedCursorImpl.asyncResetCursor and OpAddEntry of 3.0.7, 4.0.7 and 4.2.4). A failure is reported after all partitions
 * have answered, so that requests of this attempt do not run into the next one.
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
  if (found.length > 0) await resetMisplaced(context, subscription, found)
}

async function createOne(
  context: BrokerContext,
  subscription: string,
  row: SwitchPosition,
  identity: SubscriptionIdentity,
): Promise<'found' | 'created'> {
  const {name, position} = targetOf(context, row)
  const creating = context.admin.createSubscriptionAfter(name, subscription, {...identity, position})
  return orOnStatus(
    409,
    creating.then((): 'created' => 'created'),
    'found',
  )
}

/**
 * A subscription that exists already was created by an interrupted attempt, perhaps before the broker had set its cursor.
 * One at the right position is not reset: its consumers may be connecting, and a reset would deliver messages to them again.
 */
async function resetMisplaced(
  context: BrokerContext,
  subscription: string,
  found: readonly SwitchPosition[],
): Promise<void> {
  const samples = await sampleCursors(context, subscription)
  const misplaced = found.filter(({markDelete, partition}) => {
    const sample = samples.find((row) => row.partition === partition)
    if (!sample) return true
    const isUsed = sample.consumers > 0 || sample.deliveredMessages !== 0
    return !isUsed && sample.cursor.markDeletePosition !== markDelete
  })
  await resetTo(context, subscription, misplaced)
}

/** Resets a subscription's cursor to the position after the switch position; the broker disconnects its consumers. */
export async function resetTo(
  context: BrokerContext,
  subscription: string,
  rows: readonly SwitchPosition[],
): Promise<void> {
  await Promise.all(
    rows.map((row) => {
      const {name, position} = targetOf(context, row)
      return context.admin.resetCursorAfter(name, subscription, position)
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
    throw new Conflict('E_POSITION_UNKNOWN', `no switch position is known for ${partitionLabel(partition)}`)
  return {name, position}
}

/** Deletes a subscription on these partitions, which disconnects its consumers; a missing one counts as deleted. */
export async function deleteOn(
  {admin, partitions}: BrokerContext,
  subscription: string,
  rows: ReadonlyArray<{readonly partition: number | null}>,
): Promise<void> {
  const chosen = partitions.filter(({partition}) => rows.some((row) => row.partition === partition))
  await Promise.all(chosen.map(({name}) => orOnStatus(404, admin.deleteSubscription(name, subscription), undefined)))
}

import {setTimeout as delay} from 'node:timers/promises'

import type {Position} from '../../../clients/pulsar-admin/admin.js'
import {unlessRefused} from '../../../clients/pulsar-admin/http.js'
import type {SubscriptionStats} from '../../../clients/pulsar-admin/types.js'
import {Conflict} from '../../../errors.js'
import type {TopicName} from '../../../topic-name.js'
import {parsePosition} from '../drain.js'
import {isPassing} from '../passing.js'
import type {StepContext} from '../step.js'
import type {HandOver} from './hand-over.js'
import {lookAtCursors, lookAtSubscription, partitionLabels} from './look.js'

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
 * have answered: the next try must not meet requests of this one. Each is tried again on its own: one that is made has
 * its fleet at once, and must not be looked at again.
 *
 * @param mayBeOurs whether a try before may have made some of them.
 * @returns the partitions on which somebody else had made it; there it was placed anew.
 */
export async function makeAt(
  context: StepContext,
  subscription: string,
  handedOver: readonly HandOver[],
  identity: SubscriptionIdentity,
  mayBeOurs = true,
): Promise<Array<number | null>> {
  const answers = await Promise.allSettled(
    handedOver.map((row) => makePatiently(mayBeOurs, context, subscription, row, identity)),
  )
  const failure = answers.find((answer) => answer.status === 'rejected')
  if (failure) throw failure.reason
  const having = (answer: 'found' | 'strange'): HandOver[] =>
    handedOver.filter((_, at) => answers[at]?.status === 'fulfilled' && answers[at].value === answer)
  const [found, strange] = [having('found'), having('strange')]
  if (found.length > 0) await placeUnplaced(context, subscription, found)
  if (strange.length > 0) await takeBack(context, subscription, strange, identity)
  return strange.map(({partition}) => partition)
}

/** Places what somebody else has made. On Failover a reset would leave it without an active consumer: there it is made anew. */
async function takeBack(
  context: StepContext,
  subscription: string,
  rows: readonly HandOver[],
  identity: SubscriptionIdentity,
): Promise<void> {
  if (context.leg.to !== 'Failover') return placeAt(context, subscription, rows)
  await deleteOn(context, subscription, rows)
  await makeAt(context, subscription, rows, identity, false)
}

const MAKE_MS = 10_000

/** @returns `strange` where it was there at the first request: then none of ours has made it. */
async function makePatiently(
  mayBeOurs: boolean,
  ...one: Parameters<typeof makeOne>
): Promise<'found' | 'made' | 'strange'> {
  const deadline = Date.now() + MAKE_MS
  for (let isFirst = !mayBeOurs; ; isFirst = false) {
    try {
      const answer = await makeOne(...one)
      return isFirst && answer === 'found' ? 'strange' : answer
    } catch (error) {
      if (!isPassing(error) || Date.now() > deadline) throw error
      await delay(200)
    }
  }
}

async function makeOne(
  context: StepContext,
  subscription: string,
  row: HandOver,
  identity: SubscriptionIdentity,
): Promise<'found' | 'made'> {
  const {name, position} = placeOf(context, row)
  const making = context.admin.createSubscriptionBehind(name, subscription, {...identity, position})
  return unlessRefused(
    409,
    making.then((): 'made' => 'made'),
    'found',
  )
}

/**
 * What is there already comes from a try that was cut off, perhaps before the broker had placed its cursor. One that
 * stands right is left alone: its fleet may be getting in, and would get again what it gets now.
 */
async function placeUnplaced(context: StepContext, subscription: string, found: readonly HandOver[]): Promise<void> {
  const looks = await lookAtCursors(context, subscription)
  const unplaced = found.filter(({markDelete, partition}) => {
    const look = looks.find((row) => row.partition === partition)
    if (!look) return true
    const isUsed = look.consumers > 0 || look.deliveredMessages !== 0
    return !isUsed && look.cursor.markDeletePosition !== markDelete
  })
  await placeAt(context, subscription, unplaced)
}

/** Places a subscription's cursor behind the hand-over point of each partition; who is connected there is disconnected. */
export async function placeAt(context: StepContext, subscription: string, rows: readonly HandOver[]): Promise<void> {
  await Promise.all(
    rows.map((row) => {
      const {name, position} = placeOf(context, row)
      return context.admin.resetCursorBehind(name, subscription, position)
    }),
  )
}

function placeOf({partitions}: StepContext, {markDelete, partition}: HandOver): {name: TopicName; position: Position} {
  const name = partitions.find((row) => row.partition === partition)?.name
  const position = parsePosition(markDelete)
  if (!name || !position) throw new Conflict('E_NO_POSITION', `no hand-over point for partition ${String(partition)}`)
  return {name, position}
}

/** Deletes a subscription on these partitions, with its consumers' connections to it; absent is deleted. */
export async function deleteOn(
  {admin, partitions}: StepContext,
  subscription: string,
  rows: ReadonlyArray<{readonly partition: number | null}>,
): Promise<void> {
  const chosen = partitions.filter(({partition}) => rows.some((row) => row.partition === partition))
  await Promise.all(chosen.map(({name}) => unlessRefused(404, admin.deleteSubscription(name, subscription), undefined)))
}

const STAYS_AWAY_MS = 1000
const GIVE_UP_MS = 12_000

/**
 * Deletes a subscription that the door keeps from being made again, until it stays away. The broker asks the door first
 * and makes the subscription later: a consumer that comes back just as it is deleted makes it anew, at the oldest message
 * that is kept (ServerCnx.handleSubscribe; seen on 4.2.4). Its hold has to last until then.
 *
 * @throws Conflict E_COME_BACK.
 */
export async function deleteForGood(context: StepContext, subscription: string): Promise<void> {
  let deadline: number | null = null
  let goneSince: number | null = null
  for (;;) {
    const looks = await lookAtSubscription(context, subscription)
    const left = looks.filter(({stats}) => stats !== null && stats.isDurable !== false)
    if (left.length > 0 && Date.now() > (deadline ??= Date.now() + GIVE_UP_MS)) {
      throw new Conflict('E_COME_BACK', `${subscription} keeps being made again on ${partitionLabels(left)}`)
    }
    goneSince = left.length > 0 ? null : (goneSince ?? Date.now())
    if (goneSince !== null && Date.now() - goneSince >= STAYS_AWAY_MS) return
    await deleteOn(context, subscription, left)
    await delay(50)
  }
}

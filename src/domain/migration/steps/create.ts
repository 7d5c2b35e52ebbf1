import {setTimeout as delay} from 'node:timers/promises'

import {Conflict} from '../../../errors.js'
import {done, type MigrationStep, type StepContext, waiting} from '../step.js'
import {drainedSince} from './drain.js'
import {deliveredSince, type HandOver, latest} from './hand-over.js'
import {lookAtSubscription, partitionLabels} from './look.js'
import {makeAt, type SubscriptionIdentity} from './make.js'

type CreateCapture = {partitions: HandOver[]; identity: SubscriptionIdentity}

/** Makes the target exactly where the source stands, on every partition. This is the switch: its fleet gets in. */
export const create: MigrationStep<CreateCapture> = {
  id: 'create',
  capture(context) {
    const drained = context.verified('drain')['partitions'] as HandOver[]
    return Promise.resolve({
      partitions: context.partitions.map(({partition}) => handOverOf(context, partition, drained)),
      identity: identityOfBoth(context),
    })
  },
  async apply(context, {identity, partitions}, isAgain) {
    const [looks] = await Promise.all([
      drainedSince(context, partitions),
      context.seat.release().then(() => untilFree(context)),
    ])
    const handedOver = partitions.map((row) => latest(row, looks))
    // The broker asks the door first and makes a subscription later: a consumer that tried just as the seat was given up
    // may have made it, where it pleased.
    const early = await makeAt(context, context.leg.target, handedOver, identity, isAgain)
    return {partitions: handedOver, early}
  },
  verifier(context, captured, applied) {
    const partitions = (applied?.['partitions'] as HandOver[] | undefined) ?? captured.partitions
    return async () => {
      const [sources, targets] = await Promise.all([
        lookAtSubscription(context, context.leg.source),
        lookAtSubscription(context, context.leg.target),
      ])
      const open = targets.filter(({stats}) => stats === null || stats.isDurable === false)
      if (open.length > 0) return waiting(`${context.leg.target} on ${partitionLabels(open)}`)
      return done({partitions, atRisk: deliveredSince(partitions, sources)})
    }
  },
}

const LEAVE_MS = 5000

/** The broker lets go of the seat a moment after its connection has ended. */
async function untilFree(context: StepContext): Promise<void> {
  const deadline = Date.now() + LEAVE_MS
  for (;;) {
    const looks = await lookAtSubscription(context, context.leg.target)
    const taken = looks.filter(({stats}) => stats?.isDurable === false)
    if (taken.length === 0) return
    if (Date.now() > deadline) {
      const where = `${context.leg.target} on ${partitionLabels(taken)}`
      throw new Conflict('E_NAME_TAKEN', `somebody keeps a subscription that is not durable: ${where}`)
    }
    await delay(5)
  }
}

/** Where the way there was cut off half way, some partitions never got the source of the way back: there, its own. */
function handOverOf(context: StepContext, partition: number | null, rows: readonly HandOver[]): HandOver {
  const before = (context.original('create')?.['partitions'] ?? []) as HandOver[]
  const found = [...rows, ...before].find((row) => row.partition === partition)
  return found ?? {partition, markDelete: '', delivered: null, isUnattended: true}
}

/** On the way back the target is the old subscription: it gets what it had. */
function identityOfBoth(context: StepContext): SubscriptionIdentity {
  const before = context.leg.name === 'back' ? context.original('create')?.['identity'] : undefined
  return (before ?? context.captured('pause')['identity']) as SubscriptionIdentity
}

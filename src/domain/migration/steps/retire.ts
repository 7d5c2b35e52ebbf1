import type {DispatchRate} from '../../../clients/pulsar-admin/types.js'
import {done, type MigrationStep, waiting} from '../step.js'
import {deliveredSince, type HandOver} from './hand-over.js'
import {lookAtSubscription, partitionLabels} from './look.js'
import {deleteForGood} from './make.js'

type RetireCapture = {
  rate: DispatchRate | null
  consumers: string[]
  /** the partitions from which the old fleet got a message since the new subscription was made */
  atRisk: Array<number | null>
}

const LOOKS_NEEDED = 2

/**
 * Deletes the source: drained, it is nothing but a position that is in the journal, and left alone it would hand a
 * message per partition to its consumers with each change of policy. They try on, and the door keeps them out.
 */
export const retire: MigrationStep<RetireCapture> = {
  id: 'retire',
  async capture(context) {
    const looks = await lookAtSubscription(context, context.leg.source)
    const names = looks.flatMap(({stats}) => (stats?.consumers ?? []).map(({consumerName}) => consumerName ?? ''))
    return {
      rate: context.captured('pause')['rate'] as DispatchRate | null,
      consumers: [...new Set(names)].toSorted(),
      atRisk: deliveredSince(context.verified('create')['partitions'] as HandOver[], looks),
    }
  },
  async apply(context, {rate}) {
    await deleteForGood(context, context.leg.source)
    await context.policies.letRun(context.leg.source, rate)
    return {}
  },
  verifier(context) {
    let absent = 0
    return async () => {
      const looks = await lookAtSubscription(context, context.leg.source)
      const left = looks.filter(({stats}) => stats !== null)
      absent = left.length === 0 ? absent + 1 : 0
      if (left.length > 0) return waiting(`${context.leg.source} to be gone on ${partitionLabels(left)}`)
      return absent < LOOKS_NEEDED ? waiting(`${context.leg.source} to stay away`) : done()
    }
  },
}

import {done, type MigrationStep, waiting} from '../step.js'
import {requireNoNewConsumers} from './evict.js'
import {lookAtSubscription, partitionLabels} from './look.js'

type AttachCapture = Record<string, never>

/**
 * Waits until every partition has a Key_Shared consumer: from then on every slot has an owner. It does not wait for the
 * last of the fleet, whose subscribe may have failed on one partition and be tried again half a minute later.
 */
export const attach: MigrationStep<AttachCapture> = {
  id: 'attach',
  capture() {
    return Promise.resolve({})
  },
  apply() {
    return Promise.resolve({})
  },
  verifier(context) {
    return async () => {
      const looks = await lookAtSubscription(context)
      const open = looks.filter(({stats}) => stats.type !== context.plan.to || (stats.consumers ?? []).length === 0)
      if (open.length > 0) {
        return waiting(`a ${context.plan.to} consumer on ${partitionLabels(open)}`)
      }
      return done({
        partitions: looks.map(({partition, stats}) => ({partition, consumers: (stats.consumers ?? []).length})),
      })
    }
  },
  async requireWayBack(context) {
    await requireNoNewConsumers(context)
  },
  undo() {
    return Promise.resolve()
  },
}

import type {SubscriptionStats} from '../../../../clients/pulsar-admin/types.js'
import {done, type MigrationStep, waiting} from '../step.js'
import {handOver} from '../../broker/switch-position.js'
import {lookAtCursors, partitionLabels, requireSubscription} from '../../broker/collect-samples.js'

type LeaveCapture = Record<string, never>

/** A consumer that lost its connection for a moment is back by then. */
const STAY_AWAY_MS = 1000

/**
 * Waits until the operator, or a hook, has stopped every consumer of the old type. This is the switch where delivery can't
 * be held: the first partition that nobody is connected to is open to the new fleet.
 */
export const leave: MigrationStep<LeaveCapture> = {
  id: 'leave',
  capture() {
    return Promise.resolve({})
  },
  apply() {
    return Promise.resolve({}) // changes nothing: who runs the old fleet stops it
  },
  verifier(context) {
    const {from, source} = context.leg
    let awaySinceMs: number | null = null
    return async () => {
      const looks = await requireSubscription(context, source)
      const left = looks.filter(({stats}) => stats.type === from && (stats.consumers ?? []).length > 0)
      if (left.length > 0) {
        awaySinceMs = null
        return waiting(`the ${from} fleet to be stopped: ${namesOf(left)} on ${partitionLabels(left)}`)
      }
      awaySinceMs ??= Date.now()
      if (Date.now() - awaySinceMs < STAY_AWAY_MS) return waiting(`the ${from} fleet to stay away`)
      return done({partitions: (await lookAtCursors(context, source)).map(handOver)})
    }
  },
}

function namesOf(rows: ReadonlyArray<{readonly stats: SubscriptionStats}>): string {
  const names = rows.flatMap(({stats}) => (stats.consumers ?? []).map(({consumerName}) => consumerName ?? 'no name'))
  return [...new Set(names)].toSorted().join(', ')
}

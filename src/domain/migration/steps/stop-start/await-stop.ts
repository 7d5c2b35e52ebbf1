import type {SubscriptionStats} from '../../../../clients/pulsar-admin/types.js'
import {type WaitStep, passed, waitingFor} from '../step.js'
import {switchPositionOf} from '../../broker/switch-position.js'
import {partitionLabels, requireSubscription, sampleCursors} from '../../broker/collect-samples.js'

/** A consumer that lost its connection for a moment has reconnected by then. */
const STOPPED_FOR_MS = 1000

/**
 * Waits until the operator, or a hook, has stopped every consumer of the old type. This is the switch where delivery cannot
 * be paused: the new consumers can connect to the first partition without consumers.
 */
export const awaitStop: WaitStep<'await-stop'> = {
  kind: 'wait',
  id: 'await-stop',
  timeout: 'drain',
  hooks: {'stop-start': {before: 'stop-old', after: ['cut-over']}},
  title: ({from}) => `wait until every ${from} consumer is stopped, by you or by the hook stop-old`,
  verifier(context) {
    const {from, source} = context.direction
    let awaySinceMs: number | null = null
    return async () => {
      const samples = await requireSubscription(context, source)
      const left = samples.filter(({stats}) => stats.type === from && (stats.consumers ?? []).length > 0)
      if (left.length > 0) {
        awaySinceMs = null
        return waitingFor(`you to stop the consumers of type ${from}: ${namesOf(left)} on ${partitionLabels(left)}`)
      }
      awaySinceMs ??= Date.now()
      if (Date.now() - awaySinceMs < STOPPED_FOR_MS)
        return waitingFor(`the consumers of type ${from} to stay disconnected for 1 s`)
      return passed({partitions: (await sampleCursors(context, source)).map(switchPositionOf)})
    }
  },
}

function namesOf(rows: ReadonlyArray<{readonly stats: SubscriptionStats}>): string {
  const names = rows.flatMap(({stats}) =>
    (stats.consumers ?? []).map(({consumerName}) => consumerName ?? 'a consumer without a name'),
  )
  return [...new Set(names)].toSorted().join(', ')
}

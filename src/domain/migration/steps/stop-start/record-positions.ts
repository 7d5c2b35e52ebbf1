import {type WaitStep, passed} from '../step.js'
import {sampleCursors} from '../../broker/collect-samples.js'
import {switchPositionOf} from '../../broker/switch-position.js'

/** Records the position of each partition before its consumers are stopped. The delivery pause counts from here. */
export const recordPositions: WaitStep<'record-positions'> = {
  kind: 'wait',
  id: 'record-positions',
  timeout: 'policy',
  hooks: {'stop-start': {before: 'before-pause'}},
  title: () => 'record the position of each partition',
  verifier(context) {
    return async () => {
      const samples = await sampleCursors(context, context.direction.source)
      return passed({partitions: samples.map(switchPositionOf)})
    }
  },
}

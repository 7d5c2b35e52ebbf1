import {done, type MigrationStep} from '../step.js'
import {lookAtCursors} from '../../broker/collect-samples.js'
import {type HandOver, handOver} from '../../broker/switch-position.js'

type MarkCapture = {partitions: HandOver[]}

/** Writes down where each partition stands before its consumers are stopped. From here on the gap counts. */
export const mark: MigrationStep<MarkCapture> = {
  id: 'mark',
  async capture(context) {
    const looks = await lookAtCursors(context, context.leg.source)
    return {partitions: looks.map(handOver)}
  },
  apply() {
    return Promise.resolve({}) // changes nothing: delivery can't be held
  },
  verifier() {
    return () => Promise.resolve(done())
  },
  undo() {
    return Promise.resolve()
  },
}

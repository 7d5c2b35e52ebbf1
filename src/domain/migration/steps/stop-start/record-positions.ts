import {type MigrationStep, passed} from '../step.js'
import {sampleCursors} from '../../broker/collect-samples.js'
import {type SwitchPosition, switchPositionOf} from '../../broker/switch-position.js'

type RecordPositionsCapture = {partitions: SwitchPosition[]}

/** Writes down where each partition stands before its consumers are stopped. From here on the gap counts. */
export const recordPositions: MigrationStep<RecordPositionsCapture> = {
  id: 'record-positions',
  async capture(context) {
    const samples = await sampleCursors(context, context.direction.source)
    return {partitions: samples.map(switchPositionOf)}
  },
  apply() {
    return Promise.resolve({}) // changes nothing: delivery can't be held
  },
  verifier() {
    return () => Promise.resolve(passed())
  },
  undo() {
    return Promise.resolve()
  },
}

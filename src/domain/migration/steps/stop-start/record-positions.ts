import {type MigrationStep, passed} from '../step.js'
import {sampleCursors} from '../../broker/collect-samples.js'
import {type SwitchPosition, switchPositionOf} from '../../broker/switch-position.js'

type RecordPositionsCapture = {partitions: SwitchPosition[]}

/** Records the position of each partition before its consumers are stopped. The delivery pause counts from here. */
export const recordPositions: MigrationStep<RecordPositionsCapture> = {
  id: 'record-positions',
  async capture(context) {
    const samples = await sampleCursors(context, context.direction.source)
    return {partitions: samples.map(switchPositionOf)}
  },
  apply() {
    return Promise.resolve({}) // delivery cannot be paused
  },
  verifier() {
    return () => Promise.resolve(passed())
  },
  undo() {
    return Promise.resolve()
  },
}

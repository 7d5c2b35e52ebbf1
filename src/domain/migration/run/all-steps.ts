import type {StepId} from '../strategy.js'
import type {MigrationStep} from '../steps/step.js'
import {switchType} from '../steps/in-place/switch-type.js'
import {verifyDelivery} from '../steps/common/verify-delivery.js'
import {blockAutoCreate} from '../steps/blue-green/block-auto-create.js'
import {drain} from '../steps/common/drain.js'
import {disconnect} from '../steps/in-place/disconnect.js'
import {restrictTypes} from '../steps/common/restrict-types.js'
import {awaitConsumers} from '../steps/common/await-consumers.js'
import {awaitStop} from '../steps/stop-start/await-stop.js'
import {recordPositions} from '../steps/stop-start/record-positions.js'
import {pause} from '../steps/common/pause.js'
import {pauseNew} from '../steps/blue-green/pause-new.js'
import {resume} from '../steps/common/resume.js'
import {switchSubscription} from '../steps/blue-green/switch-subscription.js'
import {createNew} from '../steps/blue-green/create-new.js'
import {restoreTypes} from '../steps/in-place/restore-types.js'

const IN_PLACE = [disconnect, switchType, restoreTypes]
const BLUE_GREEN = [blockAutoCreate, pauseNew, createNew, switchSubscription]
const STOP_START = [recordPositions, awaitStop]
const COMMON = [restrictTypes, pause, drain, awaitConsumers, resume, verifyDelivery]
const ALL: readonly MigrationStep[] = [...IN_PLACE, ...BLUE_GREEN, ...STOP_START, ...COMMON]
const BY_ID: ReadonlyMap<StepId, MigrationStep> = new Map(ALL.map((step) => [step.id, step]))

export function stepOf(id: StepId): MigrationStep {
  const step = BY_ID.get(id)
  if (!step) throw new Error(`no step ${id}`)
  return step
}

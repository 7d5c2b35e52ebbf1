import type {StepId} from '../strategy.js'
import type {MigrationStep} from '../steps/step.js'
import {admit} from '../steps/in-place/switch-type.js'
import {attach} from '../steps/common/verify-delivery.js'
import {door} from '../steps/blue-green/block-auto-create.js'
import {drain} from '../steps/common/drain.js'
import {evict} from '../steps/in-place/disconnect.js'
import {fence} from '../steps/common/restrict-types.js'
import {gather} from '../steps/common/await-consumers.js'
import {leave} from '../steps/stop-start/await-stop.js'
import {mark} from '../steps/stop-start/record-positions.js'
import {pause} from '../steps/common/pause.js'
import {prehold} from '../steps/blue-green/pause-new.js'
import {release} from '../steps/common/resume.js'
import {replace} from '../steps/blue-green/switch-subscription.js'
import {reserve} from '../steps/blue-green/create-new.js'
import {restore} from '../steps/in-place/restore-types.js'

const IN_PLACE = [evict, admit, restore]
const BLUE_GREEN = [door, prehold, reserve, replace]
const STOP_START = [mark, leave]
const COMMON = [fence, pause, drain, gather, release, attach]
const ALL = [...IN_PLACE, ...BLUE_GREEN, ...STOP_START, ...COMMON] as MigrationStep[]

export const STEP_BY_ID: ReadonlyMap<StepId, MigrationStep> = new Map(ALL.map((step) => [step.id, step]))

import type {StepId} from '../strategy.js'
import type {MigrationStep} from './step.js'
import {admit} from './in-place/switch-type.js'
import {attach} from './common/verify-delivery.js'
import {door} from './blue-green/block-auto-create.js'
import {drain} from './common/drain.js'
import {evict} from './in-place/disconnect.js'
import {fence} from './common/restrict-types.js'
import {gather} from './common/await-consumers.js'
import {leave} from './stop-start/await-stop.js'
import {mark} from './stop-start/record-positions.js'
import {pause} from './common/pause.js'
import {prehold} from './blue-green/pause-new.js'
import {release} from './common/resume.js'
import {replace} from './blue-green/switch-subscription.js'
import {reserve} from './blue-green/create-new.js'
import {restore} from './in-place/restore-types.js'

const IN_PLACE = [evict, admit, restore]
const BLUE_GREEN = [door, prehold, reserve, replace]
const STOP_START = [mark, leave]
const COMMON = [fence, pause, drain, gather, release, attach]
const ALL = [...IN_PLACE, ...BLUE_GREEN, ...STOP_START, ...COMMON] as MigrationStep[]

export const STEP_BY_ID: ReadonlyMap<StepId, MigrationStep> = new Map(ALL.map((step) => [step.id, step]))

import type {StepId} from '../strategy.js'
import type {MigrationStep} from '../step.js'
import {admit} from './admit.js'
import {attach} from './attach.js'
import {create} from './create.js'
import {door} from './door.js'
import {drain} from './drain.js'
import {evict} from './evict.js'
import {fence} from './fence.js'
import {leave} from './leave.js'
import {mark} from './mark.js'
import {pause} from './pause.js'
import {restore} from './restore.js'
import {retire} from './retire.js'

const ALL = [admit, attach, create, door, drain, evict, fence, leave, mark, pause, restore, retire] as MigrationStep[]

export const STEP_BY_ID: ReadonlyMap<StepId, MigrationStep> = new Map(ALL.map((step) => [step.id, step]))

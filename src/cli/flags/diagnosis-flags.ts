import {STUCK_AFTER_MS} from '../../domain/progress/thresholds.js'
import {defaultDuration, durationFlag} from './duration.js'

/** When the diagnosis of `doctor` and `why` calls something stuck. */
export const stuckAfterFlag = {
  'stuck-after': durationFlag({
    ...defaultDuration(`${String(STUCK_AFTER_MS / 1000)}s`),
    description: 'report a consumer or a backlog as stuck if it makes no progress for longer than DURATION',
    helpValue: 'DURATION',
  }),
}

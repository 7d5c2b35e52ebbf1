import type {Interfaces} from '@oclif/core'

import {defaultDuration, durationFlag} from './duration.js'

/** When doctor, why and backlog call something stuck. @param defaultMs in ms */
export function stuckAfterFlag(defaultMs: number): {'stuck-after': Interfaces.OptionFlag<number>} {
  return {
    'stuck-after': durationFlag({
      ...defaultDuration(`${String(defaultMs / 1000)}s`),
      description: 'report a consumer or a backlog as stuck if it makes no progress for longer than DURATION',
      helpValue: 'DURATION',
    }),
  }
}

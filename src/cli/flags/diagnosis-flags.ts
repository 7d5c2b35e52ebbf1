import {Flags, type Interfaces} from '@oclif/core'

import {defaultDuration, durationFlag} from './duration.js'

/** Output formats of `doctor`. */
export const DIAGNOSIS_OUTPUTS = ['text', 'json', 'markdown', 'junit'] as const

/** Which topics and findings a diagnosis leaves out. */
export const leftOutFlags = {
  exclude: Flags.string({
    description: 'leave out the topics that match this topic, tenant/namespace or glob; repeat to leave out more',
    helpValue: 'PATTERN',
    multiple: true,
    multipleNonGreedy: true,
  }),
  ignore: Flags.string({
    description: 'leave out findings with this code, of all subscriptions or of one; repeat to leave out more',
    helpValue: 'CODE[:SUBSCRIPTION]',
    multiple: true,
    multipleNonGreedy: true,
  }),
}

/** How often a diagnosis is repeated. */
export const watchFlags = {
  interval: durationFlag({
    dependsOn: ['watch'],
    description: 'pause between two checks of --watch (default: 30s)',
    helpValue: 'DURATION',
  }),
  watch: Flags.boolean({
    char: 'w',
    description:
      'repeat the check until Ctrl-C, which exits 0; in a pipe, print one line per finding that appears or is resolved, or with --json one document per line',
    exclusive: ['fail-on', 'from', 'snapshot'],
  }),
}

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

import {Args, Flags} from '@oclif/core'
import type {RunSettings} from '../../domain/migration/run/run-migration.js'
import {defaultDuration, durationFlag} from './duration.js'
import {confirmFlags, messageFlags, pulsarFlags} from './common-flags.js'

/** Flags of every verb that reads or writes the journal. */
export const journalFlags = {
  journal: Flags.string({
    default: 'cluster',
    description:
      'where the migration journal is stored: in the namespace of the topic (cluster), or in files (file:DIRECTORY)',
    env: 'KEYSHIFT_JOURNAL',
    helpGroup: 'MIGRATION',
    helpValue: 'cluster|file:DIRECTORY',
  }),
  namespace: Flags.string({
    description:
      'namespace in which to search for migrations; use all for every namespace (default: the namespace of KEYSHIFT_NAMESPACE or the context, otherwise all)',
    helpGroup: 'MIGRATION',
    helpValue: 'TENANT/NAMESPACE',
  }),
}

export const migrationArg = Args.string({description: 'migration ID, as shown by migrate list', required: true})

/** Flags of the verbs that send a request to the process that runs a migration. */
export const requestFlags = {
  ...pulsarFlags,
  ...journalFlags,
  cancel: Flags.boolean({description: 'cancel an earlier request of this command that has no answer yet'}),
  ...confirmFlags,
}

export const takeOverFlag = Flags.boolean({
  description: 'take over from a process on another host that has sent no heartbeat for 10 s',
})

/** Flags of the verbs that run a migration. */
export const runFlags = {
  'attach-timeout': durationFlag({
    ...defaultDuration('1m'),
    description: 'maximum wait for the new consumers (in a rollback, the old ones) to connect',
    helpGroup: 'MIGRATION',
  }),
  'drain-timeout': durationFlag({
    ...defaultDuration('1m'),
    description:
      'maximum wait for the old consumers (in a rollback, the new ones) to ack the messages they have received',
    helpGroup: 'MIGRATION',
  }),
  'hook-timeout': durationFlag({
    ...defaultDuration('30s'),
    description: 'maximum run time of one hook',
    helpGroup: 'MIGRATION',
  }),
  hooks: Flags.string({
    description: 'directory with programs to run between the steps',
    helpGroup: 'MIGRATION',
    helpValue: 'DIR',
  }),
  ...messageFlags,
  ...journalFlags,
  'max-gap': durationFlag({
    description: 'abort if delivery would be paused longer than this before the switch (default: no limit)',
    helpGroup: 'MIGRATION',
  }),
  ...confirmFlags,
}

/** Flags of the verb that starts a migration; `resume` uses the values from the journal. */
export const soakFlags = {
  'no-auto-rollback': Flags.boolean({
    description: 'do not roll back automatically if delivery degrades during the soak; only report it',
    helpGroup: 'MIGRATION',
  }),
  soak: durationFlag({
    ...defaultDuration('30s'),
    description:
      'how long to watch the new consumers after the switch; rolls back if delivery degrades; 0s disables the soak',
    helpGroup: 'MIGRATION',
  }),
}

export interface RunFlags {
  readonly 'attach-timeout': number
  readonly 'drain-timeout': number
  readonly 'hook-timeout': number
  readonly hooks?: string | undefined
  readonly 'max-gap'?: number | undefined
  readonly 'no-auto-rollback'?: boolean
  readonly soak?: number
}

export interface RunControls extends RunSettings {
  close(): Promise<void>
}

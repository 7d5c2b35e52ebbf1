import {Args, Flags} from '@oclif/core'
import type {RunSettings} from '../../domain/migration/run/run-migration.js'
import {defaultDuration, durationFlag} from './duration.js'
import {confirmFlags, messageFlags, pulsarFlags} from './common-flags.js'

/** Flags of every verb that reads or writes the journal. */
export const journalFlags = {
  journal: Flags.string({
    default: 'cluster',
    description: 'where migrations are written down: beside the topic in the cluster, or file:DIRECTORY',
    env: 'KEYSHIFT_JOURNAL',
    helpGroup: 'MIGRATION',
    helpValue: 'cluster|file:DIRECTORY',
  }),
  namespace: Flags.string({
    description: 'look for migrations in this namespace alone, as tenant/namespace',
    helpGroup: 'MIGRATION',
    helpValue: 'TENANT/NAMESPACE',
  }),
}

export const migrationArg = Args.string({description: 'migration, as migrate list shows it', required: true})

/** Flags of the verbs that ask something of a migration which another process runs. */
export const requestFlags = {
  ...pulsarFlags,
  ...journalFlags,
  cancel: Flags.boolean({description: 'take back what was asked and not answered yet'}),
  ...confirmFlags,
}

export const takeOverFlag = Flags.boolean({
  description: 'take it from a process on another host that shows no sign of life for 10 s',
})

/** Flags of the verbs that run a migration. */
export const runFlags = {
  'attach-timeout': durationFlag({
    ...defaultDuration('1m'),
    description: 'how long to wait for the new consumers',
    helpGroup: 'MIGRATION',
  }),
  'drain-timeout': durationFlag({
    ...defaultDuration('1m'),
    description: 'how long the old consumers may take to acknowledge what they have',
    helpGroup: 'MIGRATION',
  }),
  'hook-timeout': durationFlag({
    ...defaultDuration('30s'),
    description: 'how long one hook may run',
    helpGroup: 'MIGRATION',
  }),
  hooks: Flags.string({
    description: 'a folder of programs to run between the steps',
    helpGroup: 'MIGRATION',
    helpValue: 'DIR',
  }),
  ...messageFlags,
  ...journalFlags,
  'max-gap': durationFlag({
    description: 'go back when delivery would be held for longer before the switch',
    helpGroup: 'MIGRATION',
  }),
  ...confirmFlags,
}

/** Flags of the verb that begins one; who goes on with it goes by what was said then. */
export const soakFlags = {
  'no-auto-rollback': Flags.boolean({
    description: 'when the new fleet does worse than the old one, say so and stay',
    helpGroup: 'MIGRATION',
  }),
  soak: durationFlag({
    ...defaultDuration('30s'),
    description: 'how long to watch the new fleet, and go back when it does worse; 0s for not at all',
    helpGroup: 'MIGRATION',
    helpValue: '60s',
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

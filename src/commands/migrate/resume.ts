import {Args, Flags} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {connectAdmin} from '../../cli/connect.js'
import {pulsarFlags} from '../../cli/flags.js'
import {confirm, currentActor, openJournal, runControls, runFlags} from '../../cli/migration.js'
import {renderResult} from '../../cli/render/migration.js'
import {resumeMigration} from '../../domain/migration/migrate.js'
import type {MigrationResult} from '../../domain/migration/result.js'

export default class MigrateResume extends KeyshiftCommand<MigrationResult> {
  static override args = {id: Args.string({description: 'migration, as migrate status shows it', required: true})}
  static override examples = ['<%= config.bin %> <%= command.id %> 20261123-140509-3fa9 --yes']
  static override flags = {
    ...pulsarFlags,
    ...runFlags,
    'take-over': Flags.boolean({description: 'the process that ran it is on another host, and is known to be gone'}),
  }
  static override summary = 'Go on with a migration that was stopped or killed, from where its journal stands.'

  async run(): Promise<MigrationResult> {
    const {args, flags} = await this.parse(MigrateResume)
    const store = openJournal(this.config, flags.journal)
    const admin = this.own(await connectAdmin(this.config, flags['admin-url']))
    if (!flags.yes) await confirm(`Go on with ${args.id}?`, this.jsonEnabled())
    const controls = this.own(runControls(flags, this.progress))
    const result = await resumeMigration({admin, store, who: currentActor()}, args.id, {
      ...controls,
      isTakeOver: flags['take-over'],
    })
    this.log(renderResult(result))
    return result
  }
}

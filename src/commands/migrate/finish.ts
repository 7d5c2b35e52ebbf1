import {Args, Flags} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {connectAdmin} from '../../cli/connect.js'
import {pulsarFlags} from '../../cli/flags.js'
import {confirm, currentActor, journalFlag, openJournal} from '../../cli/migration.js'
import {renderMigrations} from '../../cli/render/migration.js'
import {finishMigration} from '../../domain/migration/migrate.js'
import type {MigrationList} from '../../domain/migration/status.js'

export default class MigrateFinish extends KeyshiftCommand<MigrationList> {
  static override args = {id: Args.string({description: 'migration, as migrate status shows it', required: true})}
  static override examples = ['<%= config.bin %> <%= command.id %> 20261123-140509-3fa9 --yes']
  static override flags = {
    ...pulsarFlags,
    journal: journalFlag,
    yes: Flags.boolean({char: 'y', description: 'do not ask'}),
  }
  static override summary = 'Lift the fence of a migration that is done.'

  async run(): Promise<MigrationList> {
    const {args, flags} = await this.parse(MigrateFinish)
    const store = openJournal(this.config, flags.journal)
    const admin = this.own(await connectAdmin(this.config, flags['admin-url']))
    if (!flags.yes)
      await confirm(
        `Lift the fence of ${args.id}, so that consumers of the old type may subscribe again?`,
        this.jsonEnabled(),
      )
    const list = {
      journal: store.place,
      migrations: [await finishMigration({admin, store, who: currentActor()}, args.id)],
    }
    this.log(renderMigrations(list))
    return list
  }
}

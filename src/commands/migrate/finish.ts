import {currentActor} from '../../cli/process-user.js'
import {KeyshiftCommand} from '../../cli/base-command.js'
import {pulsarFlags, confirmFlags} from '../../cli/flags/common-flags.js'
import {journalFlags, migrationArg} from '../../cli/flags/migration-flags.js'
import {openJournal} from '../../cli/open-journal.js'
import {renderMigrations} from '../../cli/render/migration/migration.js'
import {finishMigration} from '../../domain/migration/run/finish-migration.js'
import type {MigrationList} from '../../domain/migration/journal/status.js'

export default class MigrateFinish extends KeyshiftCommand<MigrationList> {
  static override args = {id: migrationArg}
  static override description =
    'Stop the fleet that is not used any more first: without the fence or the door, a consumer of it that still tries ' +
    'could get in. There is no rollback afterwards; plan a new migration instead.'
  static override examples = ['<%= config.bin %> <%= command.id %> 20261123-140509-3fa9 --yes']
  static override flags = {...pulsarFlags, ...journalFlags, ...confirmFlags}
  static override summary = 'Lift the fence or the door of a migration that is over, and close the way back.'

  async run(): Promise<MigrationList> {
    const {args, flags} = await this.parse(MigrateFinish)
    const admin = await this.connections.admin()
    const store = openJournal(admin, flags)
    await this.confirm(`Is the unused fleet of ${args.id} stopped, and may it be let go?`, flags)
    const list = {
      journal: store.place,
      migrations: [await finishMigration({admin, store, who: currentActor()}, args.id)],
    }
    this.log(renderMigrations(list))
    return list
  }
}

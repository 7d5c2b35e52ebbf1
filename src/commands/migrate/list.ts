import {KeyshiftCommand} from '../../cli/base-command.js'
import {pulsarFlags} from '../../cli/flags/common-flags.js'
import {journalFlags} from '../../cli/flags/migration-flags.js'
import {tableOutputFlag} from '../../cli/flags/output-flags.js'
import {openJournal} from '../../cli/open-journal.js'
import {renderMigrations, unreadableWarnings} from '../../cli/render/migration/migration.js'
import type {MigrationList} from '../../domain/migration/journal/status.js'
import {listMigrations} from '../../domain/migration/journal/list-migrations.js'

export default class MigrateList extends KeyshiftCommand<MigrationList> {
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --namespace public/default --journal cluster',
    "<%= config.bin %> <%= command.id %> --json | jq '.result.migrations[] | select(.readyToCutOver)'",
  ]
  static override flags = {...pulsarFlags, ...journalFlags, ...tableOutputFlag}
  static override summary = 'List all migrations in the journal, including those run on other machines.'

  async run(): Promise<MigrationList> {
    const {flags} = await this.parse(MigrateList)
    const admin = await this.connections.admin()
    const store = openJournal(admin, flags)
    const list = {journal: store.place, ...(await listMigrations(store))}
    for (const warning of unreadableWarnings(list)) this.warn(warning)
    this.print(renderMigrations, list)
    return list
  }
}

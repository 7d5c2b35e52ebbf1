import {confirmFlags, pulsarFlags} from '../../cli/flags/common-flags.js'
import {journalFlags, migrationArg} from '../../cli/flags/migration-flags.js'
import {tableOutputFlag} from '../../cli/flags/output-flags.js'
import {MigrationCommand} from '../../cli/migration-command.js'
import {renderMigrations} from '../../cli/render/migration/migration.js'
import {migrationQuestions} from '../../cli/render/migration/questions.js'
import {readMigration} from '../../domain/migration/journal/list-migrations.js'
import {finishMigration, openForFinish} from '../../domain/migration/run/finish-migration.js'
import type {MigrationList} from '../../domain/migration/journal/status.js'

export default class MigrateFinish extends MigrationCommand<MigrationList> {
  static override args = {id: migrationArg}
  static override description =
    'Stop the old consumers first (after a rollback, the new ones): without the restrictions, consumers that are still ' +
    'retrying may reconnect. To change the type again later, plan a new migration.'
  static override examples = ['<%= config.bin %> <%= command.id %> 20261123-140509-3fa9 --yes']
  static override flags = {...pulsarFlags, ...journalFlags, ...confirmFlags, ...tableOutputFlag}
  static override summary = 'Finalize a completed migration: remove its restrictions; rollback is no longer possible.'

  async run(): Promise<MigrationList> {
    const parsed = await this.parse(MigrateFinish)
    const tools = await this.openConfirmed(parsed, {readMigration, check: openForFinish}, migrationQuestions.finish)
    const migrations = [await finishMigration(tools, parsed.args.id)]
    const list = {journal: tools.store.place, migrations, unreadable: []}
    this.print(renderMigrations, list)
    return list
  }
}

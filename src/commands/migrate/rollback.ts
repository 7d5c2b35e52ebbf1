import {pulsarFlags} from '../../cli/flags/common-flags.js'
import {migrationArg, runFlags, takeOverFlag} from '../../cli/flags/migration-flags.js'
import {tableOutputFlag} from '../../cli/flags/output-flags.js'
import {MigrationCommand} from '../../cli/migration-command.js'
import {migrationQuestions} from '../../cli/render/migration/questions.js'
import {readMigration} from '../../domain/migration/journal/list-migrations.js'
import type {MigrationResult} from '../../domain/migration/run/migration-result.js'
import {requireReversible, rollBackMigration} from '../../domain/migration/run/run-migration.js'

export default class MigrateRollback extends MigrationCommand<MigrationResult> {
  static override args = {id: migrationArg}
  static override description =
    'Before the switch, the steps are undone. After the switch, even of a completed migration, the same steps run in the ' +
    'opposite direction; start the old consumers if they are not running. After migrate finish, rollback is impossible; ' +
    'plan a new migration instead.'
  static override examples = ['<%= config.bin %> <%= command.id %> 20261123-140509-3fa9 --yes']
  static override flags = {...pulsarFlags, ...runFlags, 'take-over': takeOverFlag, ...tableOutputFlag}
  static override summary = 'Roll a subscription back to its original type.'

  async run(): Promise<MigrationResult> {
    const actions = {readMigration, check: requireReversible, act: rollBackMigration}
    return this.runFrom(await this.parse(MigrateRollback), actions, migrationQuestions.rollback)
  }
}

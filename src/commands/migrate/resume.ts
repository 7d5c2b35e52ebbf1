import {pulsarFlags} from '../../cli/flags/common-flags.js'
import {migrationArg, runFlags, takeOverFlag} from '../../cli/flags/migration-flags.js'
import {tableOutputFlag} from '../../cli/flags/output-flags.js'
import {MigrationCommand} from '../../cli/migration-command.js'
import {migrationQuestions} from '../../cli/render/migration/questions.js'
import {readMigration} from '../../domain/migration/journal/list-migrations.js'
import type {MigrationResult} from '../../domain/migration/run/migration-result.js'
import {requireResumable, resumeMigration} from '../../domain/migration/run/run-migration.js'

export default class MigrateResume extends MigrationCommand<MigrationResult> {
  static override args = {id: migrationArg}
  static override description =
    'Works from any machine. A step that was interrupted is verified before it runs again. The soak settings of migrate ' +
    'apply are kept; the flags of this command set the other limits.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> 20261123-140509-3fa9 --yes',
    '<%= config.bin %> <%= command.id %> 20261123-140509-3fa9 --take-over --yes',
  ]
  static override flags = {...pulsarFlags, ...runFlags, 'take-over': takeOverFlag, ...tableOutputFlag}
  static override summary = 'Resume an interrupted migration from its journal.'

  async run(): Promise<MigrationResult> {
    const actions = {readMigration, check: requireResumable, act: resumeMigration}
    return this.runFrom(await this.parse(MigrateResume), actions, migrationQuestions.resume)
  }
}

import {currentActor} from '../../cli/process-user.js'
import {KeyshiftCommand} from '../../cli/base-command.js'
import {pulsarFlags} from '../../cli/flags/common-flags.js'
import {migrationArg, runFlags, takeOverFlag} from '../../cli/flags/migration-flags.js'
import {openJournal} from '../../cli/open-journal.js'
import {runControls} from '../../cli/migration-run.js'
import {renderResult} from '../../cli/render/migration/migration.js'
import {rollBackMigration} from '../../domain/migration/run/run-migration.js'
import type {MigrationResult} from '../../domain/migration/run/migration-result.js'

export default class MigrateRollback extends KeyshiftCommand<MigrationResult> {
  static override args = {id: migrationArg}
  static override description =
    'Before the switch it undoes what was done. After it, also when the migration is done, it takes the same steps with ' +
    'old and new exchanged: the old fleet has to be there or to be started. Once a migration is finished, plan a new one.'
  static override examples = ['<%= config.bin %> <%= command.id %> 20261123-140509-3fa9 --yes']
  static override flags = {...pulsarFlags, ...runFlags, 'take-over': takeOverFlag}
  static override summary = 'Take a subscription back to the type it had, with nothing lost and nothing twice.'

  async run(): Promise<MigrationResult> {
    const {args, flags} = await this.parse(MigrateRollback)
    const admin = await this.connections.admin()
    const store = openJournal(admin, flags)
    await this.confirm(`Take ${args.id} back?`, flags)
    const controls = this.own(await runControls(flags, this.progress, this.connections))
    const settings = {...controls, isTakeOver: flags['take-over']}
    const result = await rollBackMigration({admin, store, who: currentActor()}, args.id, settings)
    this.log(renderResult(result))
    return result
  }
}

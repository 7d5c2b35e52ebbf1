import {currentActor} from '../../cli/process-user.js'
import {KeyshiftCommand} from '../../cli/base-command.js'
import {pulsarFlags} from '../../cli/flags/common-flags.js'
import {migrationArg, runFlags, takeOverFlag} from '../../cli/flags/migration-flags.js'
import {openJournal} from '../../cli/open-journal.js'
import {runControls} from '../../cli/migration-run.js'
import {renderResult} from '../../cli/render/migration/migration.js'
import {resumeMigration} from '../../domain/migration/run/run-migration.js'
import type {MigrationResult} from '../../domain/migration/run/migration-result.js'

export default class MigrateResume extends KeyshiftCommand<MigrationResult> {
  static override args = {id: migrationArg}
  static override examples = ['<%= config.bin %> <%= command.id %> 20261123-140509-3fa9 --yes']
  static override flags = {...pulsarFlags, ...runFlags, 'take-over': takeOverFlag}
  static override summary = 'Go on with a migration that was stopped or killed, from where its journal stands.'

  async run(): Promise<MigrationResult> {
    const {args, flags} = await this.parse(MigrateResume)
    const admin = await this.connections.admin()
    const store = openJournal(admin, flags)
    await this.confirm(`Go on with ${args.id}?`, flags)
    const controls = this.own(await runControls(flags, this.progress, this.connections))
    const settings = {...controls, isTakeOver: flags['take-over']}
    const result = await resumeMigration({admin, store, who: currentActor()}, args.id, settings)
    this.log(renderResult(result))
    return result
  }
}

import {currentActor} from '../../cli/process-user.js'
import {KeyshiftCommand} from '../../cli/base-command.js'
import {askFlags, migrationArg} from '../../cli/flags/migration-flags.js'
import {openJournal} from '../../cli/open-journal.js'
import {renderAsked} from '../../cli/render/migration/migration.js'
import {type AskedMigration, askMigration, cancelRequest} from '../../domain/migration/run/send-request.js'

export default class MigratePostpone extends KeyshiftCommand<AskedMigration> {
  static override args = {id: migrationArg}
  static override description =
    'It works from any machine, and as long as delivery is not held yet; after that there is abort.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> 20261123-140509-3fa9 --yes',
    '<%= config.bin %> <%= command.id %> 20261123-140509-3fa9 --cancel',
  ]
  static override flags = askFlags
  static override summary = 'Have a running migration wait for cutover before it holds delivery.'

  async run(): Promise<AskedMigration> {
    const {args, flags} = await this.parse(MigratePostpone)
    const admin = await this.access.admin()
    const store = openJournal(admin, flags)
    if (!flags.cancel) await this.confirm(`Have ${args.id} wait?`, flags)
    const act = flags.cancel ? cancelRequest : askMigration
    const asked = await act(store, currentActor(), args.id, 'postpone')
    this.log(renderAsked(asked))
    return asked
  }
}

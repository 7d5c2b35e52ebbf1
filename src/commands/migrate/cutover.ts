import {currentActor} from '../../cli/process-user.js'
import {KeyshiftCommand} from '../../cli/base-command.js'
import {migrationArg, requestFlags} from '../../cli/flags/migration-flags.js'
import {openJournal} from '../../cli/open-journal.js'
import {renderRequest} from '../../cli/render/migration/migration.js'
import {cancelRequest, type RequestResult, sendRequest} from '../../domain/migration/run/send-request.js'

export default class MigrateCutover extends KeyshiftCommand<RequestResult> {
  static override args = {id: migrationArg}
  static override description =
    'It works from any machine: the process that runs the migration reads it in the journal.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> 20261123-140509-3fa9 --yes',
    '<%= config.bin %> <%= command.id %> 20261123-140509-3fa9 --cancel',
  ]
  static override flags = requestFlags
  static override summary = 'Let a postponed migration go on to hold delivery and switch.'

  async run(): Promise<RequestResult> {
    const {args, flags} = await this.parse(MigrateCutover)
    const admin = await this.connections.admin()
    const store = openJournal(admin, flags)
    if (!flags.cancel) await this.confirm(`Let ${args.id} switch now?`, flags)
    const act = flags.cancel ? cancelRequest : sendRequest
    const asked = await act(store, currentActor(), args.id, 'cutover')
    this.log(renderRequest(asked))
    return asked
  }
}

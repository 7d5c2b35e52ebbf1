import {currentActor} from '../../cli/process-user.js'
import {KeyshiftCommand} from '../../cli/base-command.js'
import {migrationArg, requestFlags} from '../../cli/flags/migration-flags.js'
import {openJournal} from '../../cli/open-journal.js'
import {renderRequest} from '../../cli/render/migration/migration.js'
import {cancelRequest, type RequestResult, sendRequest} from '../../domain/migration/run/send-request.js'

export default class MigrateAbort extends KeyshiftCommand<RequestResult> {
  static override args = {id: migrationArg}
  static override description = 'It works from any machine, until the switch has begun; after that there is rollback.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> 20261123-140509-3fa9 --yes',
    '<%= config.bin %> <%= command.id %> 20261123-140509-3fa9 --cancel',
  ]
  static override flags = requestFlags
  static override summary = 'Have a running migration go back before it switches.'

  async run(): Promise<RequestResult> {
    const {args, flags} = await this.parse(MigrateAbort)
    const admin = await this.connections.admin()
    const store = openJournal(admin, flags)
    if (!flags.cancel) await this.confirm(`Have ${args.id} go back?`, flags)
    const act = flags.cancel ? cancelRequest : sendRequest
    const asked = await act(store, currentActor(), args.id, 'abort')
    this.log(renderRequest(asked))
    return asked
  }
}

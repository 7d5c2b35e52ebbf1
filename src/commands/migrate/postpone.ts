import {currentActor} from '../../cli/process-user.js'
import {KeyshiftCommand} from '../../cli/base-command.js'
import {migrationArg, requestFlags} from '../../cli/flags/migration-flags.js'
import {openJournal} from '../../cli/open-journal.js'
import {renderRequest} from '../../cli/render/migration/migration.js'
import {cancelRequest, type RequestResult, sendRequest} from '../../domain/migration/run/send-request.js'

export default class MigratePostpone extends KeyshiftCommand<RequestResult> {
  static override args = {id: migrationArg}
  static override description =
    'It works from any machine, and as long as delivery is not held yet; after that there is abort.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> 20261123-140509-3fa9 --yes',
    '<%= config.bin %> <%= command.id %> 20261123-140509-3fa9 --cancel',
  ]
  static override flags = requestFlags
  static override summary = 'Have a running migration wait for cutover before it holds delivery.'

  async run(): Promise<RequestResult> {
    const {args, flags} = await this.parse(MigratePostpone)
    const admin = await this.connections.admin()
    const store = openJournal(admin, flags)
    if (!flags.cancel) await this.confirm(`Have ${args.id} wait?`, flags)
    const act = flags.cancel ? cancelRequest : sendRequest
    const asked = await act(store, currentActor(), args.id, 'postpone')
    this.log(renderRequest(asked))
    return asked
  }
}

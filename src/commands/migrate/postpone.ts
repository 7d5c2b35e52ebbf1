import {migrationArg, requestFlags} from '../../cli/flags/migration-flags.js'
import {MigrationCommand} from '../../cli/migration-command.js'
import {migrationQuestions} from '../../cli/render/migration/questions.js'
import {readMigration} from '../../domain/migration/journal/list-migrations.js'
import {
  cancelRequest,
  requireAllowed,
  type RequestResult,
  sendRequest,
} from '../../domain/migration/run/send-request.js'

export default class MigratePostpone extends MigrationCommand<RequestResult> {
  static override args = {id: migrationArg}
  static override description =
    'Works from any machine until delivery is paused; after that, use migrate abort. Start the cutover later with ' +
    'migrate cutover.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> 20261123-140509-3fa9 --yes',
    '<%= config.bin %> <%= command.id %> 20261123-140509-3fa9 --cancel',
  ]
  static override flags = requestFlags
  static override summary = 'Make a running migration wait for a cutover before it pauses delivery.'

  async run(): Promise<RequestResult> {
    const actions = {cancelRequest, readMigration, requireAllowed, sendRequest}
    return this.request(await this.parse(MigratePostpone), 'postpone', actions, migrationQuestions.postpone)
  }
}

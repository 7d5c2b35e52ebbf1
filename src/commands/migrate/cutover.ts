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

export default class MigrateCutover extends MigrationCommand<RequestResult> {
  static override args = {id: migrationArg}
  static override description =
    'Works from any machine: the process that runs the migration reads the request in the journal, pauses delivery and ' +
    'switches.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> 20261123-140509-3fa9 --yes',
    '<%= config.bin %> <%= command.id %> 20261123-140509-3fa9 --cancel',
  ]
  static override flags = requestFlags
  static override summary = 'Start the cutover of a postponed migration.'

  async run(): Promise<RequestResult> {
    const actions = {cancelRequest, readMigration, requireAllowed, sendRequest}
    return this.request(await this.parse(MigrateCutover), 'cutover', actions, migrationQuestions.cutover)
  }
}

import {Args} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {journalFlag, openJournal} from '../../cli/migration.js'
import {renderMigrations} from '../../cli/render/migration.js'
import {listMigrations} from '../../domain/migration/migrate.js'
import type {MigrationList} from '../../domain/migration/status.js'

export default class MigrateStatus extends KeyshiftCommand<MigrationList> {
  static override args = {id: Args.string({description: 'migration; all when left out'})}
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    "<%= config.bin %> <%= command.id %> 20261123-140509-3fa9 --json | jq '.result.migrations[0].state'",
  ]
  static override flags = {journal: journalFlag}
  static override summary =
    'Show migrations: state, step, what they wait for, how long delivery was held, who runs them.'

  async run(): Promise<MigrationList> {
    const {args, flags} = await this.parse(MigrateStatus)
    const store = openJournal(this.config, flags.journal)
    const list = {journal: store.place, migrations: await listMigrations(store, args.id)}
    this.log(renderMigrations(list))
    return list
  }
}

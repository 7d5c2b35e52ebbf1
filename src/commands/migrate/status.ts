import {Args, Flags} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {pulsarFlags} from '../../cli/flags/common-flags.js'
import {journalFlags} from '../../cli/flags/migration-flags.js'
import {openJournal} from '../../cli/open-journal.js'
import {renderMigrations} from '../../cli/render/migration/migration.js'
import {watch} from '../../cli/poll.js'
import type {MigrationList} from '../../domain/migration/journal/status.js'
import {listMigrations} from '../../domain/migration/journal/list-migrations.js'

export default class MigrateStatus extends KeyshiftCommand<MigrationList> {
  static override args = {id: Args.string({description: 'migration; all when left out'})}
  static override description =
    'With --watch it shows the state again each second until no migration runs any more; under --json the document ' +
    'comes once, with the last state.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> 20261123-140509-3fa9 --watch',
    "<%= config.bin %> <%= command.id %> 20261123-140509-3fa9 --json | jq '.result.migrations[0].state'",
  ]
  static override flags = {
    ...pulsarFlags,
    ...journalFlags,
    watch: Flags.boolean({char: 'w', description: 'go on showing it until it is over'}),
  }
  static override summary =
    'Show migrations: state, step, what they wait for, how long delivery was held, who runs them.'

  async run(): Promise<MigrationList> {
    const {args, flags} = await this.parse(MigrateStatus)
    const admin = await this.connections.admin()
    const store = openJournal(admin, flags)
    const look = async (): Promise<MigrationList> => ({
      journal: store.place,
      migrations: await listMigrations(store, args.id),
    })
    const isOver = ({migrations}: MigrationList): boolean =>
      !migrations.some(({state}) => ['rolling-back', 'postponed', 'running'].includes(state))
    const list = flags.watch
      ? await watch(look, isOver, (now) => {
          if (!this.jsonEnabled()) this.progress.say(renderMigrations(now))
        })
      : await look()
    this.log(renderMigrations(list))
    return list
  }
}

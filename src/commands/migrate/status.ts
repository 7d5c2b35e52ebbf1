import {Args, Flags} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {pulsarFlags} from '../../cli/flags/common-flags.js'
import {journalFlags} from '../../cli/flags/migration-flags.js'
import {tableOutputFlag} from '../../cli/flags/output-flags.js'
import {openJournal} from '../../cli/open-journal.js'
import {renderMigrations, unreadableWarnings} from '../../cli/render/migration/migration.js'
import {watch} from '../../cli/poll.js'
import type {MigrationList} from '../../domain/migration/journal/status.js'
import {listMigrations, readMigration} from '../../domain/migration/journal/list-migrations.js'

export default class MigrateStatus extends KeyshiftCommand<MigrationList> {
  static override args = {id: Args.string({description: 'migration ID (default: all migrations)'})}
  static override description =
    'With --watch, shows the state every second until no migration is running; with --json, prints one document with the ' +
    'last state.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> 20261123-140509-3fa9 --watch',
    "<%= config.bin %> <%= command.id %> 20261123-140509-3fa9 --json | jq '.result.migrations[0].state'",
  ]
  static override flags = {
    ...pulsarFlags,
    ...journalFlags,
    ...tableOutputFlag,
    watch: Flags.boolean({char: 'w', description: 'refresh every second until no migration is running'}),
  }
  static override summary = 'Show the state, step, delivery pause and owner of migrations, and what they wait for.'

  async run(): Promise<MigrationList> {
    const {args, flags} = await this.parse(MigrateStatus)
    const admin = await this.connections.admin()
    const store = openJournal(admin, flags)
    const sample = async (): Promise<MigrationList> => ({
      journal: store.place,
      ...(args.id === undefined
        ? await listMigrations(store)
        : {migrations: [await readMigration(store, args.id)], unreadable: []}),
    })
    const isOver = ({migrations}: MigrationList): boolean =>
      !migrations.some(({state}) => ['rolling-back', 'postponed', 'running'].includes(state))
    const list = flags.watch
      ? await watch(sample, isOver, (now) => {
          if (!this.jsonEnabled()) this.preview(renderMigrations, now)
        })
      : await sample()
    for (const warning of unreadableWarnings(list)) this.warn(warning)
    this.print(renderMigrations, list)
    return list
  }
}

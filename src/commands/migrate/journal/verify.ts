import {KeyshiftCommand} from '../../../cli/base-command.js'
import {pulsarFlags} from '../../../cli/flags/common-flags.js'
import {journalFlags, migrationArg} from '../../../cli/flags/migration-flags.js'
import {openJournal} from '../../../cli/open-journal.js'
import {renderCheck} from '../../../cli/render/migration/migration.js'
import {type JournalCheck, verifyJournal} from '../../../domain/migration/journal/list-migrations.js'
import {Conflict} from '../../../errors.js'

export default class MigrateJournalVerify extends KeyshiftCommand<JournalCheck> {
  static override args = {id: migrationArg}
  static override description = 'Exits 5 if an entry was altered or is missing.'
  static override examples = ['<%= config.bin %> <%= command.id %> 20261123-140509-3fa9']
  static override flags = {...pulsarFlags, ...journalFlags}
  static override summary = 'Verify the hash chain of a migration journal.'

  async run(): Promise<JournalCheck> {
    const {args, flags} = await this.parse(MigrateJournalVerify)
    const admin = await this.connections.admin()
    const check = await verifyJournal(openJournal(admin, flags), args.id)
    if (!check.isIntact) {
      const where =
        check.brokenLine === null ? 'its plan is missing' : `hash mismatch at line ${String(check.brokenLine)}`
      throw new Conflict('E_JOURNAL_BROKEN', `the journal of ${args.id} was altered or damaged: ${where}`, {
        data: {...check},
      })
    }
    this.print(renderCheck, check)
    return check
  }
}

import {KeyshiftCommand} from '../../cli/base-command.js'
import {EXIT_CODES} from '../../cli/exit-codes.js'
import {renderTable} from '../../cli/render/table.js'

export interface ExitCodes {
  exitCodes: Array<{code: number; name: string; meaning: string}>
}

export default class HelpExitCodes extends KeyshiftCommand<ExitCodes> {
  static override examples = ['<%= config.bin %> <%= command.id %>']
  static override summary = 'Print the exit codes, the same for every command, with and without --json.'

  async run(): Promise<ExitCodes> {
    await this.parse(HelpExitCodes)
    this.log(
      renderTable(
        ['code', 'name', 'meaning'],
        EXIT_CODES.map(({code, meaning, name}) => [code, name, meaning]),
      ),
    )
    return {exitCodes: EXIT_CODES.map((row) => ({...row}))}
  }
}

import {KeyshiftCommand} from '../../cli/base-command.js'
import {EXIT_CODES} from '../../cli/exit-codes.js'
import {renderExitCodes} from '../../cli/render/exit-codes.js'

export interface ExitCodes {
  exitCodes: Array<{code: number; name: string; meaning: string}>
}

export default class HelpExitCodes extends KeyshiftCommand<ExitCodes> {
  static override examples = ['<%= config.bin %> <%= command.id %>']
  static override summary = 'Print the exit codes. They are the same for every command, with and without --json.'

  async run(): Promise<ExitCodes> {
    await this.parse(HelpExitCodes)
    this.print(renderExitCodes, EXIT_CODES)
    return {exitCodes: EXIT_CODES.map((row) => ({...row}))}
  }
}

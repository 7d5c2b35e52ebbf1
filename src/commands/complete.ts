import {Flags} from '@oclif/core'

import {KeyshiftCommand} from '../cli/base-command.js'
import {completeLine, type Completion} from '../cli/completion/candidates.js'
import {namesFrom} from '../cli/completion/open-names.js'

/**
 * What the scripts of `completion` call. It never fails, because a shell would show its error within the command line.
 */
export default class Complete extends KeyshiftCommand<Completion> {
  static override examples = ['<%= config.bin %> <%= command.id %> -- subscriptions inspect public/']
  static override flags = {
    'new-word': Flags.boolean({
      description: 'the cursor follows a space; for shells that cannot pass an empty word',
    }),
  }
  static override hidden = true
  static override strict = false
  static override summary = 'List the completions of a command line. The shell completion scripts run it.'

  async run(): Promise<Completion> {
    const {flags} = await this.parse(Complete)
    const {commands, topics} = this.config
    const cli = {
      commands: new Map(commands.map((command) => [command.id, command])),
      topics: new Map(topics.map(({description, name}) => [name, description ?? ''])),
    }
    const words = this.argv.slice(this.argv.indexOf('--') + 1) // oclif groups repeated words
    if (flags['new-word']) words.push('')
    const names = namesFrom(this.config, (client) => this.closeAtEnd(client))
    const completion = await completeLine(words, cli, names).catch(nothing)
    if (this.jsonEnabled()) return completion
    if (completion.paths !== null) this.writeText(`:${completion.paths}`)
    for (const {description, value} of completion.candidates) {
      this.writeText(description === null ? value : `${value}\t${description}`)
    }
    return completion
  }
}

function nothing(): Completion {
  return {candidates: [], paths: null}
}

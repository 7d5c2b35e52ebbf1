import {Args} from '@oclif/core'

import {KeyshiftCommand} from '../cli/base-command.js'
import {readScript, type Shell, SHELLS} from '../cli/completion/scripts.js'

export interface CompletionScript {
  shell: Shell
  script: string
}

export default class Completion extends KeyshiftCommand<CompletionScript> {
  static override args = {
    shell: Args.string({description: 'the shell that is to complete', options: SHELLS, required: true}),
  }
  static override description =
    'Completes commands, flags and their values, and live: contexts, tenants, namespaces, topics, subscriptions and migrations, ' +
    'with the login that the line, variables and the context name. Names are kept for 30 s; a broker that does not answer ' +
    'within a second is not waited for.'
  static override examples = [
    {description: 'bash: in ~/.bashrc', command: 'eval "$(<%= config.bin %> <%= command.id %> bash)"'},
    {description: 'zsh: in ~/.zshrc, below compinit', command: 'eval "$(<%= config.bin %> <%= command.id %> zsh)"'},
    {
      description: 'fish: once, and after an update',
      command: '<%= config.bin %> <%= command.id %> fish > ~/.config/fish/completions/<%= config.bin %>.fish',
    },
    {
      description: 'PowerShell: in the file that $PROFILE names',
      command: '<%= config.bin %> <%= command.id %> powershell | Out-String | Invoke-Expression',
    },
  ]
  static override summary = 'Print the script that lets a shell complete commands, flags, topics and subscriptions.'

  async run(): Promise<CompletionScript> {
    const {args} = await this.parse(Completion)
    const shell = args.shell as Shell
    const script = await readScript(this.config.root, shell)
    if (!this.jsonEnabled()) this.writeText(script.trimEnd())
    return {shell, script}
  }
}

import {Args} from '@oclif/core'

import {KeyshiftCommand} from '../cli/base-command.js'
import {readScript, type Shell, SHELLS} from '../cli/completion/scripts.js'

export interface CompletionScript {
  shell: Shell
  script: string
}

export default class Completion extends KeyshiftCommand<CompletionScript> {
  static override args = {
    shell: Args.string({description: 'shell to print the script for', options: SHELLS, required: true}),
  }
  static override description =
    'Completes commands, flags and their values, and names from the cluster: contexts, tenants, namespaces, topics, subscriptions ' +
    'and migrations. Uses the connection settings of the command line, the environment and the context. Names are cached for 30 s; a request ' +
    'times out after 1 s.'
  static override examples = [
    {description: 'bash: add to ~/.bashrc', command: 'eval "$(<%= config.bin %> <%= command.id %> bash)"'},
    {description: 'zsh: add to ~/.zshrc, after compinit', command: 'eval "$(<%= config.bin %> <%= command.id %> zsh)"'},
    {
      description: 'fish: run once, and after each update',
      command: '<%= config.bin %> <%= command.id %> fish > ~/.config/fish/completions/<%= config.bin %>.fish',
    },
    {
      description: 'PowerShell: add to the file $PROFILE',
      command: '<%= config.bin %> <%= command.id %> powershell | Out-String | Invoke-Expression',
    },
  ]
  static override summary = 'Print the shell script that completes commands, flags, topics and subscriptions.'

  async run(): Promise<CompletionScript> {
    const {args} = await this.parse(Completion)
    const shell = args.shell as Shell
    const script = await readScript(this.config.root, shell)
    if (!this.jsonEnabled()) this.writeText(script.trimEnd())
    return {shell, script}
  }
}

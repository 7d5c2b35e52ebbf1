import {Args, Flags} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {addContexts, addQuestion, currentText, type ContextsAdded} from '../../cli/connection/add-contexts.js'
import {openContexts} from '../../cli/connection/context-file.js'
import {yesFlag} from '../../cli/flags/common-flags.js'
import {newContext, newContextFlags} from '../../cli/flags/context-flags.js'
import {tableOutputFlag} from '../../cli/flags/output-flags.js'
import {renderContexts} from '../../cli/render/contexts.js'

export default class ContextAdd extends KeyshiftCommand<ContextsAdded> {
  static override args = {name: Args.string({description: 'name of the new context', required: true})}
  static override description =
    'Contexts are stored in a YAML file that only its owner can read. It references secrets and never contains them. See docs/CONTEXTS.md.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> prod --admin-url https://pulsar.example:8443 --token-file /run/secrets/pulsar --protected',
    "<%= config.bin %> <%= command.id %> prod --admin-url https://pulsar.example:8443 --token-command 'vault read -field=token pulsar/ops'",
    '<%= config.bin %> <%= command.id %> local --admin-url http://localhost:8080 --redis-url redis://localhost:6379 --use --yes',
  ]
  static override flags = {
    ...newContextFlags,
    ...tableOutputFlag,
    replace: Flags.boolean({description: 'replace an existing context of this name'}),
    use: Flags.boolean({description: 'make it the current context'}),
    yes: yesFlag,
  }
  static override summary = 'Add a context: the addresses of a cluster and its Redis, and the login.'

  async run(): Promise<ContextsAdded> {
    const {args, flags} = await this.parse(ContextAdd)
    const contexts = await openContexts(this.config.root)
    const adding = {contexts, found: [{name: args.name, context: newContext(flags), notes: []}], ...flags}
    const added = addContexts(adding)
    if (!flags.yes) this.preview(renderContexts, added.contexts, contexts.path)
    await this.confirm(addQuestion(added), flags)
    await contexts.save()
    this.log(`Added context ${args.name} to ${contexts.path}. ${currentText(added)}`)
    return added
  }
}

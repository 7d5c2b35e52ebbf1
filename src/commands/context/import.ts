import {join} from 'node:path'

import {Flags} from '@oclif/core'

import {addContexts, type ContextsAdded} from '../../cli/connection/add-contexts.js'
import {KeyshiftCommand} from '../../cli/base-command.js'
import {openContexts} from '../../cli/connection/context-file.js'
import {yesFlag} from '../../cli/flags/common-flags.js'
import {importable} from '../../cli/connection/import-contexts.js'
import {renderContexts} from '../../cli/render/contexts.js'
import {counted} from '../../wording.js'

export default class ContextImport extends KeyshiftCommand<ContextsAdded> {
  static override description =
    'Their file stays as it is. A token in it is not copied: it is looked up there when it is needed.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> --from pulsarctl',
    '<%= config.bin %> <%= command.id %> --from client.conf --file /pulsar/conf/client.conf --name prod --protected',
    '<%= config.bin %> <%= command.id %> --from env --name here --yes',
  ]
  static override flags = {
    file: Flags.string({
      description: `its file; by default ${join('~', '.config', 'pulsar', 'config')}, or what PULSAR_CLIENT_CONF names`,
      helpValue: 'FILE',
    }),
    from: Flags.option({
      description: "pulsarctl's contexts, Pulsar's client.conf, or the same settings as environment variables",
      options: ['pulsarctl', 'client.conf', 'env'] as const,
      required: true,
    })(),
    name: Flags.string({description: 'a name for what has none, or the one context to take', helpValue: 'NAME'}),
    protected: Flags.boolean({description: "whoever changes something there has to type the context's name"}),
    replace: Flags.boolean({description: 'replace those of these names'}),
    use: Flags.boolean({description: 'use it from now on where a command names none'}),
    yes: yesFlag,
  }
  static override summary = 'Take over the contexts and logins that other tools of Pulsar have.'

  async run(): Promise<ContextsAdded> {
    const {flags} = await this.parse(ContextImport)
    const contexts = await openContexts(this.config.root)
    const found = await importable(flags)
    const added = addContexts({contexts, found, ...flags})
    for (const note of found.flatMap(({name, notes}) => notes.map((one) => `${name}: ${one}`))) this.warn(note)
    if (!flags.yes) this.preview(renderContexts, added.contexts, contexts.path)
    await this.confirm(`Write ${counted(found.length, 'context')} to ${contexts.path}?`, flags)
    await contexts.save()
    this.log(`${found.map(({name}) => name).join(', ')} in ${contexts.path}; try keyshift context show`)
    return added
  }
}

import {join} from 'node:path'

import {Flags} from '@oclif/core'

import {addContexts, addQuestion, currentText, type ContextsAdded} from '../../cli/connection/add-contexts.js'
import {KeyshiftCommand} from '../../cli/base-command.js'
import {openContexts} from '../../cli/connection/context-file.js'
import {yesFlag} from '../../cli/flags/common-flags.js'
import {tableOutputFlag} from '../../cli/flags/output-flags.js'
import {importable} from '../../cli/connection/import-contexts.js'
import {renderContexts} from '../../cli/render/contexts.js'

export default class ContextImport extends KeyshiftCommand<ContextsAdded> {
  static override description =
    'The file of the other tool is not changed. A token in it is not copied; keyshift reads it from the file when needed. Without a ' +
    "current context, the other tool's current context becomes the current one."
  static override examples = [
    '<%= config.bin %> <%= command.id %> --from pulsarctl',
    '<%= config.bin %> <%= command.id %> --from client.conf --file /pulsar/conf/client.conf --name prod --protected',
    '<%= config.bin %> <%= command.id %> --from env --name here --yes',
  ]
  static override flags = {
    ...tableOutputFlag,
    file: Flags.string({
      description: `file of the other tool (default: ${join('~', '.config', 'pulsar', 'config')} for pulsarctl; PULSAR_CLIENT_CONF, /etc/pulsar/client.conf or $PULSAR_HOME/conf/client.conf for client.conf)`,
      helpValue: 'FILE',
    }),
    from: Flags.option({
      description:
        'what to import: the contexts of pulsarctl, a client.conf of Pulsar, or environment variables such as webServiceUrl or PULSAR_ADMIN_URL',
      options: ['pulsarctl', 'client.conf', 'env'] as const,
      required: true,
    })(),
    name: Flags.string({
      description: 'name of the new context; for pulsarctl, import only the context of this name',
      helpValue: 'NAME',
    }),
    protected: Flags.boolean({description: "ask for the context's name before changing anything in its cluster"}),
    replace: Flags.boolean({description: 'replace existing contexts of the same names'}),
    use: Flags.boolean({
      description: 'make the imported context the current one; of several, the one that is current in the other tool',
    }),
    yes: yesFlag,
  }
  static override summary = 'Import contexts and credentials from other Pulsar tools.'

  async run(): Promise<ContextsAdded> {
    const {flags} = await this.parse(ContextImport)
    const contexts = await openContexts(this.config.root)
    const found = await importable(flags)
    const added = addContexts({contexts, found, ...flags})
    for (const note of found.flatMap(({name, notes}) => notes.map((one) => `${name}: ${one}`))) this.warn(note)
    if (!flags.yes) this.preview(renderContexts, added.contexts, contexts.path)
    await this.confirm(addQuestion(added), flags)
    await contexts.save()
    this.log(`Imported ${found.map(({name}) => name).join(', ')} into ${contexts.path}. ${currentText(added)}`)
    return added
  }
}

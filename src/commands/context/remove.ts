import {Args} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {currentText} from '../../cli/connection/add-contexts.js'
import {noSuchContext, openContexts} from '../../cli/connection/context-file.js'
import {yesFlag} from '../../cli/flags/common-flags.js'

export interface ContextRemoved {
  path: string
  removed: string
  /** null when no context is current any more */
  current: string | null
}

export default class ContextRemove extends KeyshiftCommand<ContextRemoved> {
  static override args = {name: Args.string({description: 'context to remove', required: true})}
  static override examples = [
    '<%= config.bin %> <%= command.id %> staging',
    '<%= config.bin %> <%= command.id %> staging --yes',
  ]
  static override flags = {yes: yesFlag}
  static override summary = 'Remove a context. Files that it references, such as token files, are kept.'

  async run(): Promise<ContextRemoved> {
    const {args, flags} = await this.parse(ContextRemove)
    const contexts = await openContexts(this.config.root)
    if (contexts.get(args.name) === null) throw noSuchContext(contexts, args.name)
    await this.confirm(`Remove the context ${args.name} from ${contexts.path}?`, flags)
    contexts.remove(args.name)
    await contexts.save()
    const current = contexts.file.current === args.name ? null : (contexts.file.current ?? null)
    const hint = current === null && contexts.names.length > 0 ? ` ${currentText({current, previous: null})}` : ''
    this.log(`Removed context ${args.name} from ${contexts.path}.${hint}`)
    return {path: contexts.path, removed: args.name, current}
  }
}

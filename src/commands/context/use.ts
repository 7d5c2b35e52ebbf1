import {Args} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {noSuchContext, openContexts} from '../../cli/connection/context-file.js'

export interface ContextUsed {
  path: string
  current: string
  /** the current context before; null for none */
  previous: string | null
}

export default class ContextUse extends KeyshiftCommand<ContextUsed> {
  static override args = {name: Args.string({description: 'context to switch to', required: true})}
  static override examples = ['<%= config.bin %> <%= command.id %> staging']
  static override summary = 'Switch the current context.'

  async run(): Promise<ContextUsed> {
    const {args} = await this.parse(ContextUse)
    const contexts = await openContexts(this.config.root)
    if (contexts.get(args.name) === null) throw noSuchContext(contexts, args.name)
    const previous = contexts.file.current ?? null
    contexts.use(args.name)
    await contexts.save()
    this.log(`Switched to context ${args.name}${previous === null ? '' : ` (was ${previous})`}.`)
    return {path: contexts.path, current: args.name, previous}
  }
}

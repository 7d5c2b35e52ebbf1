import {Args} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {noSuchContext, openContexts} from '../../cli/connection/context-file.js'

export interface ContextUsed {
  path: string
  current: string
  /** the one before; null for none */
  previous: string | null
}

export default class ContextUse extends KeyshiftCommand<ContextUsed> {
  static override args = {name: Args.string({description: 'a context', required: true})}
  static override examples = ['<%= config.bin %> <%= command.id %> staging']
  static override summary = 'Use a context where a command names none.'

  async run(): Promise<ContextUsed> {
    const {args} = await this.parse(ContextUse)
    const contexts = await openContexts(this.config.root)
    if (contexts.get(args.name) === null) throw noSuchContext(contexts, args.name)
    const previous = contexts.file.current ?? null
    contexts.use(args.name)
    await contexts.save()
    this.log(`${args.name} is used from now on${previous === null ? '' : `; before, it was ${previous}`}`)
    return {path: contexts.path, current: args.name, previous}
  }
}

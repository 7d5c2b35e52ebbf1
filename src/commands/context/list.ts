import {KeyshiftCommand} from '../../cli/base-command.js'
import {contextRow, type ContextRow} from '../../cli/connection/context-report.js'
import {openContexts} from '../../cli/connection/context-file.js'
import {renderContexts} from '../../cli/render/contexts.js'
import {tableOutputFlag} from '../../cli/flags/output-flags.js'

export interface ContextList {
  /** the context file */
  path: string
  current: string | null
  contexts: ContextRow[]
}

export default class ContextListCommand extends KeyshiftCommand<ContextList> {
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    "<%= config.bin %> <%= command.id %> --json | jq -r '.result.contexts[].name'",
  ]
  static override flags = tableOutputFlag
  static override summary = 'List the contexts: addresses of clusters and their Redis, and logins.'

  async run(): Promise<ContextList> {
    await this.parse(ContextListCommand)
    const {file, names, path} = await openContexts(this.config.root)
    const contexts = names.map((name) => contextRow(name, file.contexts[name] ?? {}, file.current))
    this.print(renderContexts, contexts, path)
    return {path, current: file.current ?? null, contexts}
  }
}

import {Args} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {reportSettings, type SettingsReport} from '../../cli/connection/context-report.js'
import {contextsPath, settingsFor} from '../../cli/connection/context-file.js'
import {messageFlags, pulsarFlags, redisFlags} from '../../cli/flags/common-flags.js'
import {renderSettings} from '../../cli/render/contexts.js'

export default class ContextShow extends KeyshiftCommand<SettingsReport> {
  static override args = {
    name: Args.string({description: 'context to show (default: the effective one)'}),
  }
  static override description =
    'Accepts the connection flags of other commands to show what they override. No server is contacted, and secrets are never shown.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> prod',
    'KEYSHIFT_ADMIN_URL=http://other:8080 <%= config.bin %> <%= command.id %> --json | jq .result.pulsar.adminUrl',
  ]
  static override flags = {...pulsarFlags, ...messageFlags, ...redisFlags}
  static override summary = 'Show the effective settings and their origin, including flag overrides.'

  async run(): Promise<SettingsReport> {
    const {args, flags} = await this.parse(ContextShow)
    const settings =
      args.name === undefined
        ? this.connections.settings
        : await settingsFor(this.config, {...flags, context: args.name}, (flag) => this.isOnCommandLine(flag))
    const report = reportSettings(settings, contextsPath())
    this.print(renderSettings, report)
    return report
  }
}

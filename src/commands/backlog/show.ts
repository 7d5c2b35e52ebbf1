import {Flags} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {connectAdmin} from '../../cli/connect.js'
import {pulsarFlags, subscriptionArg, topicArg} from '../../cli/flags.js'
import {renderBacklog} from '../../cli/render/backlog.js'
import {sampleBacklog} from '../../domain/backlog/collect.js'
import {type BacklogReport, reportBacklog} from '../../domain/backlog/report.js'

const SAMPLES = 6

export default class BacklogShow extends KeyshiftCommand<BacklogReport> {
  static override args = {topic: topicArg, subscription: subscriptionArg}
  static override description =
    'Reads live counters a few times over a short window, so rates are of this moment. backlogEntries ' +
    'counts entries (a batch is one) and unackedMessages counts messages: never add or compare the two.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> persistent://public/default/orders decision',
    '<%= config.bin %> <%= command.id %> orders decision --window 10 --json | jq .result.total.verdict',
  ]
  static override flags = {
    ...pulsarFlags,
    window: Flags.integer({default: 3, description: 'seconds to look', helpValue: 'SECONDS', max: 600, min: 1}),
  }
  static override summary = 'Show backlog, age, rates and time to drain.'

  async run(): Promise<BacklogReport> {
    const {args, flags} = await this.parse(BacklogShow)
    const admin = this.own(await connectAdmin(this.config, flags['admin-url']))
    this.progress.busy('looking', `for ${String(flags.window)} s`)
    const samples = await sampleBacklog(admin, args.topic, args.subscription, {
      windowMs: flags.window * 1000,
      samples: SAMPLES,
    })
    const report = reportBacklog(samples)
    this.log(renderBacklog(report))
    return report
  }
}

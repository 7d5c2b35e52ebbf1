import {Flags} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {pulsarFlags, subscriptionArg, topicArg} from '../../cli/flags/common-flags.js'
import {renderBacklog} from '../../cli/render/backlog/backlog.js'
import {sampleBacklog} from '../../domain/backlog/collect-backlog.js'
import {type BacklogReport, reportBacklog} from '../../domain/backlog/backlog-report.js'

/** Ten paces between them: few enough for a broker, enough to tell noise from a trend. */
const SAMPLES = 11

export default class BacklogShow extends KeyshiftCommand<BacklogReport> {
  static override args = {topic: topicArg, subscription: subscriptionArg}
  static override description =
    'Reads live counters a few times over a short window, so rates are of this moment. The time to drain is an interval ' +
    'that holds the true time in at least four of five cases; a window that is long beside what is left makes it narrower. ' +
    'backlogEntries counts entries (a batch is one) and unackedMessages counts messages: never add or compare the two.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> persistent://public/default/orders decision',
    '<%= config.bin %> <%= command.id %> orders decision --window 60 --json | jq .result.total.verdict',
  ]
  static override flags = {
    ...pulsarFlags,
    window: Flags.integer({default: 10, description: 'seconds to look', helpValue: 'SECONDS', max: 600, min: 1}),
  }
  static override summary = 'Show backlog, age, rates and time to drain.'

  async run(): Promise<BacklogReport> {
    const {args, flags} = await this.parse(BacklogShow)
    const admin = await this.connections.admin()
    this.progress.liveStatus('looking', `for ${String(flags.window)} s`)
    const samples = await sampleBacklog(admin, args, {
      windowMs: flags.window * 1000,
      samples: SAMPLES,
    })
    const report = reportBacklog(samples)
    const missing = report.partitions.filter(({completeness}) => completeness < 1)
    if (missing.length > 0) {
      const numbers = missing.map(({partition}) => String(partition ?? '-')).join(', ')
      this.warn(`not every look found these partitions: ${numbers}; completeness says how many did`)
    }
    this.print(renderBacklog, report)
    return report
  }
}

import {KeyshiftCommand} from '../../cli/base-command.js'
import {stuckAfterFlag} from '../../cli/flags/diagnosis-flags.js'
import {pulsarFlags, subscriptionArg, topicArg} from '../../cli/flags/common-flags.js'
import {defaultDuration, durationFlag} from '../../cli/flags/duration.js'
import {tableOutputFlag} from '../../cli/flags/output-flags.js'
import {missingPartitionWarnings} from '../../cli/render/missing-partitions.js'
import {renderBacklog} from '../../cli/render/backlog/backlog.js'
import {sampleBacklog} from '../../domain/backlog/collect-backlog.js'
import {STUCK_AFTER_MS} from '../../domain/progress/thresholds.js'
import {type BacklogReport, reportBacklog} from '../../domain/backlog/backlog-report.js'
import {Usage} from '../../errors.js'
import {durationText, partitionLabel} from '../../wording.js'

/** Eleven samples give ten rates: a small load for the broker, and enough to distinguish a trend from noise. */
const SAMPLES = 11
const SHORTEST_MS = 1000
const LONGEST_MS = 600_000

export default class BacklogShow extends KeyshiftCommand<BacklogReport> {
  static override args = {topic: topicArg, subscription: subscriptionArg}
  static override description =
    'Samples live counters over a short window, so rates are current. The time to drain is an estimate: in at least 8 of 10 ' +
    'cases it lies within the range shown. A longer --window narrows the range. BACKLOG ENTRIES counts entries, where a ' +
    'batch is one entry; UNACKED counts messages. Never add or compare the two.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> persistent://public/default/orders decision',
    '<%= config.bin %> <%= command.id %> orders decision --window 60s --json | jq .result.total.verdict',
  ]
  static override flags = {
    ...pulsarFlags,
    ...stuckAfterFlag(STUCK_AFTER_MS),
    ...tableOutputFlag,
    window: durationFlag({...defaultDuration('10s'), description: 'sampling time, 1s to 10m'}),
  }
  static override summary = 'Show backlog, age, rates and time to drain.'

  async run(): Promise<BacklogReport> {
    const {args, flags} = await this.parse(BacklogShow)
    if (flags.window < SHORTEST_MS || flags.window > LONGEST_MS) {
      throw new Usage('E_USAGE', `--window ${durationText(flags.window)} is outside the range from 1s to 10m`)
    }
    const admin = await this.connections.admin()
    this.progress.liveStatus('sampling', `for ${durationText(flags.window)}`)
    const samples = await sampleBacklog(admin, args, {windowMs: flags.window, samples: SAMPLES})
    const report = reportBacklog(samples, flags['stuck-after'])
    for (const warning of missingPartitionWarnings(report)) this.warn(warning)
    const missing = report.partitions.filter(({completeness}) => completeness < 1)
    if (missing.length > 0) {
      const names = missing.map(({partition}) => partitionLabel(partition)).join(', ')
      this.warn(`missing from some samples: ${names}; see completeness in --json`)
    }
    this.print(renderBacklog, report)
    return report
  }
}

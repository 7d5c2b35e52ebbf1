import {Flags} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {pulsarFlags, subscriptionArg, topicArg} from '../../cli/flags/common-flags.js'
import {listOutputFlag} from '../../cli/flags/output-flags.js'
import {StdoutWriter} from '../../cli/output/stdout-lines.js'
import {missingPartitionWarnings} from '../../cli/render/missing-partitions.js'
import {gapLines, gapsText} from '../../cli/render/backlog/gaps.js'
import {collectGaps} from '../../domain/backlog/collect-gaps.js'
import type {GapReport} from '../../domain/backlog/gap-report.js'
import {counted, numberText} from '../../wording.js'

export default class BacklogGaps extends KeyshiftCommand<GapReport> {
  static override args = {topic: topicArg, subscription: subscriptionArg}
  static override description =
    'The first gap of a partition blocks mark-delete. --read also reads the first message of each listed gap through the ' +
    'admin API, to show its key and age; the cursor does not move. CONSUMER is unknown where several consumers may have ' +
    'the messages.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> persistent://public/default/orders decision',
    '<%= config.bin %> <%= command.id %> orders decision --read --max 100',
    '<%= config.bin %> <%= command.id %> orders decision --read --output csv > gaps.csv',
    "<%= config.bin %> <%= command.id %> orders decision --json | jq '.result.total'",
  ]
  static override flags = {
    ...pulsarFlags,
    ...listOutputFlag,
    max: Flags.integer({default: 20, description: 'list up to N gaps', helpValue: 'N', min: 1}),
    read: Flags.boolean({description: 'read the first message of each listed gap, for its key and age'}),
  }
  static override summary = 'List the unacknowledged entries that lie before acknowledged ones.'

  async run(): Promise<GapReport> {
    const {args, flags} = await this.parse(BacklogGaps)
    const {max, output, read} = flags
    const admin = await this.connections.admin()
    this.progress.liveStatus('reading', 'the cursors')
    const report = await collectGaps(admin, args, {max, hasMessages: read})
    for (const warning of missingPartitionWarnings(report)) this.warn(warning)
    if (output === 'ndjson') await new StdoutWriter().write(gapLines(report.gaps))
    else if (output === 'csv' || output === 'tsv') this.writeText(gapsText(report, output))
    else this.print(gapsText, report, output)
    const isTable = output === 'table' || output === 'wide'
    if (report.total.gaps > max && (!isTable || this.jsonEnabled())) {
      this.warn(`listing ${numberText(max)} of ${counted(report.total.gaps, 'gap')}; raise --max to list all`)
    }
    return report
  }
}

import {Flags} from '@oclif/core'
import logUpdate from 'log-update'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {defaultDuration, durationFlag} from '../../cli/flags/duration.js'
import {stuckAfterFlag} from '../../cli/flags/diagnosis-flags.js'
import {pulsarFlags, subscriptionArg, topicArg} from '../../cli/flags/common-flags.js'
import {tableOutputFlag} from '../../cli/flags/output-flags.js'
import {StdoutWriter} from '../../cli/output/stdout-lines.js'
import {renderBacklogWatch} from '../../cli/render/backlog/backlog.js'
import {followBacklog} from '../../domain/backlog/collect-backlog.js'
import {parseUntil, type UntilCondition} from '../../domain/backlog/until-condition.js'
import {STUCK_AFTER_MS} from '../../domain/progress/thresholds.js'
import {type BacklogReport, reportBacklog} from '../../domain/backlog/backlog-report.js'
import {Pending} from '../../errors.js'
import {jsonLine} from '../../printable.js'
import {suggestedCommand} from '../../suggested-command.js'
import {counted} from '../../wording.js'

/** Rates and verdicts use the latest 11 samples; the sparkline shows the latest 40 backlogs. */
const SAMPLES = 11
const BARS = 40

export default class BacklogWatch extends KeyshiftCommand<BacklogReport> {
  static override args = {topic: topicArg, subscription: subscriptionArg}
  static override description =
    'Shows a live table on a terminal; otherwise prints one JSON line per sample. With --json, prints one document at the ' +
    'end, with the last sample. With --until, exits 0 when the condition is met, 8 if --timeout expires first. Makes no changes; ' +
    'press Ctrl-C to stop.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> persistent://public/default/orders decision',
    '<%= config.bin %> <%= command.id %> orders decision --until drained --timeout 10m',
    "<%= config.bin %> <%= command.id %> orders decision --until 'age<30s' --timeout 5m --json",
    '<%= config.bin %> <%= command.id %> orders decision | jq .total.backlogEntries',
  ]
  static override flags = {
    ...pulsarFlags,
    ...stuckAfterFlag(STUCK_AFTER_MS),
    ...tableOutputFlag,
    every: durationFlag({...defaultDuration('1s'), description: 'interval between samples'}),
    timeout: durationFlag({
      dependsOn: ['until'],
      description: 'exit 8 if the condition is not met within this time, such as 10m (default: no limit)',
    }),
    until: Flags.string({
      description: 'exit when the backlog is drained, is draining, or the oldest message is younger than the given age',
      helpValue: 'drained|draining|age<30s',
    }),
  }
  static override summary = 'Watch a backlog, or wait until it is drained.'

  async run(): Promise<BacklogReport> {
    const {args, flags} = await this.parse(BacklogWatch)
    const condition = flags.until === undefined ? null : parseUntil(flags.until)
    const admin = await this.connections.admin()
    const lines = this.jsonEnabled() || process.stdout.isTTY ? null : new StdoutWriter()
    const signals = [
      ...(flags.timeout === undefined ? [] : [AbortSignal.timeout(flags.timeout)]),
      ...(lines ? [lines.readerGone] : []),
    ]
    const bars: Array<number | null> = []
    let last: BacklogReport | null = null
    for await (const samples of followBacklog(admin, args, {
      everyMs: flags.every,
      samples: SAMPLES,
      signal: AbortSignal.any(signals),
    })) {
      last = reportBacklog(samples, flags['stuck-after'])
      bars.push(last.total.backlogEntries)
      if (bars.length > BARS) bars.shift()
      await this.show(last, bars, lines)
      if (condition?.isMet(last)) return last
    }
    throw timedOut(condition, last)
  }

  private async show(
    report: BacklogReport,
    bars: ReadonlyArray<number | null>,
    lines: StdoutWriter | null,
  ): Promise<void> {
    if (lines) await lines.write(jsonLine(report))
    else if (!this.jsonEnabled()) logUpdate(this.page(renderBacklogWatch, report, bars))
  }
}

function timedOut(condition: UntilCondition | null, last: BacklogReport | null): Pending {
  const {subscription, topic} = last ?? {subscription: 'SUB', topic: 'TOPIC'}
  const backlog = last?.total.backlogEntries ?? null
  return new Pending(
    'E_NOT_REACHED',
    `timed out: ${condition?.missedText ?? 'no condition set'}, ${backlog === null ? 'backlog unknown' : `${counted(backlog, 'entry', 'entries')} left`}`,
    {data: {until: condition?.text ?? null, last}, next: [suggestedCommand('doctor', topic, subscription)]},
  )
}

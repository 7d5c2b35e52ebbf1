import {Flags} from '@oclif/core'
import logUpdate from 'log-update'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {defaultDuration, durationFlag} from '../../cli/flags/duration.js'
import {pulsarFlags, subscriptionArg, topicArg} from '../../cli/flags/common-flags.js'
import {StdoutWriter} from '../../cli/output/stdout-lines.js'
import {renderBacklogWatch} from '../../cli/render/backlog/backlog.js'
import {followBacklog} from '../../domain/backlog/collect-backlog.js'
import {parseUntil, type UntilCondition} from '../../domain/backlog/until-condition.js'
import {type BacklogReport, reportBacklog} from '../../domain/backlog/backlog-report.js'
import {Pending} from '../../errors.js'
import {suggestedCommand} from '../../suggested-command.js'

/** Readings that a row of figures, and its line of bars, is about. */
const READINGS = 11
const BARS = 40

export default class BacklogWatch extends KeyshiftCommand<BacklogReport> {
  static override args = {topic: topicArg, subscription: subscriptionArg}
  static override description =
    'On a terminal a table that moves; else a line of JSON for each look, and under --json one document, the last look. ' +
    'With --until it ends with 0 when that is so, and with 8 when --timeout runs out before. It reads only: Ctrl-C ends it.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> persistent://public/default/orders decision',
    '<%= config.bin %> <%= command.id %> orders decision --until drained --timeout 10m',
    "<%= config.bin %> <%= command.id %> orders decision --until 'age<30s' --timeout 5m --json",
    '<%= config.bin %> <%= command.id %> orders decision | jq .total.backlogEntries',
  ]
  static override flags = {
    ...pulsarFlags,
    every: durationFlag({...defaultDuration('1s'), description: 'between two looks', helpValue: '1s'}),
    timeout: durationFlag({dependsOn: ['until'], description: 'end with 8 after so long', helpValue: '10m'}),
    until: Flags.string({
      description: 'end when it is drained, draining, or no message is older: age<30s',
      helpValue: 'drained|draining|age<30s',
    }),
  }
  static override summary = 'Watch a backlog, or wait until it is drained.'

  async run(): Promise<BacklogReport> {
    const {args, flags} = await this.parse(BacklogWatch)
    const goal = flags.until === undefined ? null : parseUntil(flags.until)
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
      samples: READINGS,
      signal: AbortSignal.any(signals),
    })) {
      last = reportBacklog(samples)
      bars.push(last.total.backlogEntries)
      if (bars.length > BARS) bars.shift()
      await this.show(last, bars, lines)
      if (goal?.isReached(last)) return last
    }
    throw notReached(goal, last)
  }

  private async show(
    report: BacklogReport,
    bars: ReadonlyArray<number | null>,
    lines: StdoutWriter | null,
  ): Promise<void> {
    if (lines) await lines.write(`${JSON.stringify(report)}\n`)
    else if (!this.jsonEnabled()) logUpdate(this.page(renderBacklogWatch, report, bars))
  }
}

function notReached(goal: UntilCondition | null, last: BacklogReport | null): Pending {
  const {subscription, topic} = last ?? {subscription: 'SUB', topic: 'TOPIC'}
  const backlog = last?.total.backlogEntries ?? null
  return new Pending(
    'E_NOT_REACHED',
    `the time ran out before the backlog was ${goal?.text ?? 'looked at'}: ${backlog === null ? 'an unknown number of' : String(backlog)} entries wait`,
    {data: {until: goal?.text ?? null, last}, next: [suggestedCommand('doctor', topic, subscription)]},
  )
}

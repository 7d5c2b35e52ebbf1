import {Args, Flags} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {durationFlag} from '../../cli/flags/duration.js'
import {pulsarFlags} from '../../cli/flags/common-flags.js'
import {StdoutWriter} from '../../cli/output/stdout-lines.js'
import {listOutputFlag} from '../../cli/flags/output-flags.js'
import {listText, rowLines} from '../../cli/render/subscriptions/subscription-list.js'
import {listSubscriptions} from '../../domain/subscriptions/list/collect-subscription-list.js'
import {LIST_ORDERS, type ListFilter} from '../../domain/subscriptions/list/list-filter.js'
import type {SubscriptionList} from '../../domain/subscriptions/list/subscription-row.js'
import {parsePattern} from '../../domain/subscriptions/list/topic-pattern.js'
import {incomplete} from '../../errors.js'
import {counted, numberText} from '../../wording.js'

const TYPES = ['Exclusive', 'Failover', 'Key_Shared', 'Shared'] as const

export default class SubscriptionsList extends KeyshiftCommand<SubscriptionList> {
  static override args = {
    pattern: Args.string({
      description:
        'tenant, tenant/namespace, or a glob over full topic names (default: the namespace of KEYSHIFT_NAMESPACE or the context, otherwise all)',
    }),
  }
  static override description =
    'Sends one request per broker, so it also works on a cluster with many thousand topics. The numbers come from broker ' +
    'statistics, which each broker renews every minute by default and which omit unloaded topics. --fresh loads each topic ' +
    'and queries live statistics. With --output ndjson and without --sort, rows are printed as they arrive, unsorted.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> public/default --sort backlog --max 20',
    '<%= config.bin %> <%= command.id %> --stalled --min-backlog 1000',
    '<%= config.bin %> <%= command.id %> --since 10m --output wide',
    "<%= config.bin %> <%= command.id %> 'persistent://public/default/orders-*' --fresh --output ndjson",
  ]
  static override flags = {
    ...pulsarFlags,
    ...listOutputFlag,
    blocked: Flags.boolean({
      description: 'only subscriptions that reached their unacked-message limit (subscription or consumer)',
      helpGroup: 'FILTER',
    }),
    fresh: Flags.boolean({description: 'query the live statistics of each topic'}),
    max: Flags.integer({default: 10_000, description: 'list up to N subscriptions', helpValue: 'N', min: 1}),
    'min-backlog': Flags.integer({
      description: 'only subscriptions with a backlog of at least N entries',
      helpGroup: 'FILTER',
      helpValue: 'N',
      min: 0,
    }),
    'mixed-type': Flags.boolean({
      description: 'only subscriptions whose partitions have different types',
      helpGroup: 'FILTER',
    }),
    'no-consumers': Flags.boolean({
      description: 'only subscriptions without a consumer on at least one partition',
      helpGroup: 'FILTER',
    }),
    since: durationFlag({
      description:
        'only subscriptions with a backlog and no acknowledgement for this long on some partition (queries candidate topics)',
      helpGroup: 'FILTER',
    }),
    sort: Flags.option({
      description: 'sort key; numbers descending, names ascending (default: name)',
      options: LIST_ORDERS,
    })(),
    stalled: Flags.boolean({
      description:
        'only subscriptions whose backlog does not move on some partition; delayed messages that are not due do not count',
      helpGroup: 'FILTER',
    }),
    strict: Flags.boolean({description: 'exit 4 if a broker or a partition is missing from the list'}),
    system: Flags.boolean({description: 'include system topics'}),
    type: Flags.option({
      description: 'only subscriptions of this type; repeat to allow several types',
      helpGroup: 'FILTER',
      multiple: true,
      options: TYPES,
    })(),
  }
  static override summary = 'List subscriptions with type, consumers, backlog and rate.'

  async run(): Promise<SubscriptionList> {
    const {args, flags} = await this.parse(SubscriptionsList)
    const pattern = parsePattern(this.patternOr(args.pattern))
    const {output} = flags
    const admin = await this.connections.admin()
    const writer = output === 'ndjson' ? new StdoutWriter() : null
    const list = await listSubscriptions(admin, {
      pattern,
      isFresh: flags.fresh,
      hasSystemTopics: flags.system,
      filter: filterOf(flags),
      order: flags.sort ?? 'name',
      limit: flags.max,
      onRows: writer && flags.sort === undefined ? (rows) => writer.write(rowLines(rows)) : undefined,
      openBroker: (url) => this.connections.adminAt(url),
      signal: writer?.readerGone,
    })
    this.requireComplete(list, flags.strict)
    if (writer) await writer.write(rowLines(list.subscriptions))
    else if (output === 'csv' || output === 'tsv') this.writeText(listText(list, output))
    else this.print(listText, list, output)
    if (list.stalledUnknown > 0) {
      const one = list.stalledUnknown === 1
      this.warn(
        `${counted(list.stalledUnknown, 'subscription')} with a backlog ${one ? 'was' : 'were'} left out, because the statistics do not show whether ${one ? 'it is' : 'they are'} stalled${flags.fresh ? '' : '; --fresh may show it'}`,
      )
    }
    const isTable = output === 'table' || output === 'wide'
    if (list.matched > flags.max && (!isTable || this.jsonEnabled())) {
      this.warn(`listing ${numberText(flags.max)} of ${counted(list.matched, 'subscription')}; raise --max to list all`)
    }
    return list
  }

  private requireComplete(list: SubscriptionList, isStrict: boolean): void {
    if (list.complete) return
    const failed = list.failedBrokers.map(({broker, cause}) => `broker ${broker} did not answer (${cause})`)
    const gap =
      failed.length > 0
        ? failed.join('; ')
        : 'a broker omitted partitions from its statistics, so the totals are too low'
    if (isStrict) throw incomplete('list', gap, '--strict', {failedBrokers: list.failedBrokers})
    this.warn(`the list is incomplete: ${gap}`)
  }
}

interface FilterFlags {
  readonly blocked: boolean
  readonly 'min-backlog'?: number | undefined
  readonly 'mixed-type': boolean
  readonly 'no-consumers': boolean
  readonly since?: number | undefined
  readonly stalled: boolean
  readonly type?: readonly string[] | undefined
}

function filterOf(flags: FilterFlags): ListFilter {
  return {
    ...(flags.type === undefined ? {} : {types: flags.type}),
    ...(flags['min-backlog'] === undefined ? {} : {minBacklog: flags['min-backlog']}),
    isWithoutConsumers: flags['no-consumers'],
    isBlocked: flags.blocked,
    isStalled: flags.stalled,
    isMixedType: flags['mixed-type'],
    ...(flags.since === undefined ? {} : {unackedSinceMs: Date.now() - flags.since}),
  }
}

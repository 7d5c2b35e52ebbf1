import {Args, Flags} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {durationFlag} from '../../cli/flags/duration.js'
import {pulsarFlags} from '../../cli/flags/common-flags.js'
import {StdoutWriter} from '../../cli/output/stdout-lines.js'
import {asksForJson, listOutputFlag} from '../../cli/output/list-output.js'
import {listText, rowLines} from '../../cli/render/subscriptions/subscription-list.js'
import {listSubscriptions} from '../../domain/subscriptions/list/collect-subscription-list.js'
import {LIST_ORDERS, type ListFilter} from '../../domain/subscriptions/list/list-filter.js'
import type {SubscriptionList} from '../../domain/subscriptions/list/subscription-row.js'
import {parsePattern} from '../../domain/subscriptions/list/topic-pattern.js'
import {Unreachable, Usage} from '../../errors.js'

const TYPES = ['Exclusive', 'Failover', 'Key_Shared', 'Shared'] as const

export default class SubscriptionsList extends KeyshiftCommand<SubscriptionList> {
  static override args = {
    pattern: Args.string({
      description:
        'tenant, tenant/namespace, or a glob over full topic names (default: the namespace of KEYSHIFT_NAMESPACE or the context, otherwise all)',
    }),
  }
  static override description =
    'One request per broker, so it also works on a cluster with many thousand topics. The numbers are the ' +
    "brokers' own copies, renewed each minute by default; topics that no broker has loaded are not in them. --fresh loads " +
    'each topic and asks for live ones. Without --sort, --output ndjson gives each row as soon as it is known, in the ' +
    'order in which the brokers tell them.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> public/default --sort backlog --limit 20',
    '<%= config.bin %> <%= command.id %> --stalled --min-backlog 1000',
    '<%= config.bin %> <%= command.id %> --since 10m --output wide',
    "<%= config.bin %> <%= command.id %> 'persistent://public/default/orders-*' --fresh --output ndjson",
  ]
  static override flags = {
    ...pulsarFlags,
    ...listOutputFlag,
    blocked: Flags.boolean({
      description: 'only those with as many unacknowledged messages as they, or a consumer, may have',
      helpGroup: 'FILTER',
    }),
    fresh: Flags.boolean({description: "ask for each topic's live statistics"}),
    limit: Flags.integer({default: 10_000, description: 'list at most so many', helpValue: 'N', min: 1}),
    'min-backlog': Flags.integer({
      description: 'only those with so many entries or more',
      helpGroup: 'FILTER',
      helpValue: 'ENTRIES',
      min: 0,
    }),
    'mixed-type': Flags.boolean({description: 'only those whose partitions differ in type', helpGroup: 'FILTER'}),
    'no-consumers': Flags.boolean({
      description: 'only those without a consumer, on one partition or on all',
      helpGroup: 'FILTER',
    }),
    since: durationFlag({
      description:
        'only those that wait on some partition, and acknowledged nothing there for so long; asks the topics it may be',
      helpGroup: 'FILTER',
      helpValue: '10m',
    }),
    sort: Flags.option({
      description: 'by this; the largest first, names in their order; by name unless given',
      options: LIST_ORDERS,
    })(),
    stalled: Flags.boolean({
      description: 'only those with a backlog and consumers that got nothing for a minute, on some partition',
      helpGroup: 'FILTER',
    }),
    strict: Flags.boolean({description: 'exit with 4 when a broker or a partition is missing from the answer'}),
    system: Flags.boolean({description: "list the broker's own topics too"}),
    type: Flags.option({
      description: 'only those of this type',
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
    if (super.jsonEnabled() && output !== 'table' && output !== 'json') {
      throw new Usage('E_OUTPUT_JSON', `--json is one document for all, --output ${output} is none`)
    }
    const admin = await this.connections.admin()
    const writer = output === 'ndjson' ? new StdoutWriter() : null
    const list = await listSubscriptions(admin, {
      pattern,
      isFresh: flags.fresh,
      hasSystemTopics: flags.system,
      filter: filterOf(flags),
      order: flags.sort ?? 'name',
      limit: flags.limit,
      onRows: writer && flags.sort === undefined ? (rows) => writer.write(rowLines(rows)) : undefined,
      openBroker: (url) => this.connections.adminAt(url),
      signal: writer?.readerGone,
    })
    this.requireWhole(list, flags.strict)
    if (writer) await writer.write(rowLines(list.subscriptions))
    else if (output === 'csv' || output === 'tsv') this.writeText(listText(list, output))
    else this.print(listText, list, output)
    const isTable = output === 'table' || output === 'wide'
    if (list.matched > flags.limit && (!isTable || this.jsonEnabled())) {
      this.warn(`only ${String(flags.limit)} of ${String(list.matched)} are listed; raise --limit`)
    }
    return list
  }

  override jsonEnabled(): boolean {
    return super.jsonEnabled() || asksForJson(this.argv)
  }

  private requireWhole(list: SubscriptionList, isStrict: boolean): void {
    if (list.complete) return
    const failed = list.failedBrokers.map(({broker, cause}) => `${broker} did not answer (${cause})`)
    const gap =
      failed.length > 0 ? failed.join('; ') : 'a broker left partitions out of its answer: the sums are too low'
    if (isStrict) {
      throw new Unreachable('E_INCOMPLETE', `the list is not whole: ${gap}`, {
        data: {failedBrokers: list.failedBrokers},
        next: ['leave --strict out to see what is there'],
      })
    }
    this.warn(`not whole: ${gap}`)
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

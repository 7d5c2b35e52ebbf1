import {Args, Flags} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {pulsarFlags} from '../../cli/flags.js'
import {asksForJson, listOutputFlag} from '../../cli/output.js'
import {listText} from '../../cli/render/subscription-list.js'
import {listSubscriptions} from '../../domain/subscriptions/collect-list.js'
import {LIST_ORDERS} from '../../domain/subscriptions/filter.js'
import type {SubscriptionList} from '../../domain/subscriptions/list.js'
import {parsePattern} from '../../domain/subscriptions/pattern.js'
import {Unreachable, Usage} from '../../errors.js'

const TYPES = ['Exclusive', 'Failover', 'Key_Shared', 'Shared'] as const

export default class SubscriptionsList extends KeyshiftCommand<SubscriptionList> {
  static override args = {
    pattern: Args.string({description: 'tenant, tenant/namespace, or a glob over full topic names; all when left out'}),
  }
  static override description =
    'One request per broker, so it also works on a cluster with many thousand topics. The numbers are the ' +
    "brokers' own copies, renewed each minute by default; --fresh asks for each topic's live ones."
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> public/default --sort backlog --limit 20',
    '<%= config.bin %> <%= command.id %> --stalled --min-backlog 1000',
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
    sort: Flags.option({
      default: 'name',
      description: 'by this; the largest first, names in their order',
      options: LIST_ORDERS,
    })(),
    stalled: Flags.boolean({
      description: 'only those with a backlog and consumers that got nothing for a minute',
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
    const pattern = parsePattern(args.pattern)
    const {output} = flags
    if (super.jsonEnabled() && output !== 'table' && output !== 'json') {
      throw new Usage('E_OUTPUT_JSON', `--json is one document for all, --output ${output} is none`)
    }
    const admin = await this.access.admin()
    const list = await listSubscriptions(admin, {
      pattern,
      isFresh: flags.fresh,
      hasSystemTopics: flags.system,
      filter: {
        ...(flags.type === undefined ? {} : {types: flags.type}),
        ...(flags['min-backlog'] === undefined ? {} : {minBacklog: flags['min-backlog']}),
        isWithoutConsumers: flags['no-consumers'],
        isBlocked: flags.blocked,
        isStalled: flags.stalled,
        isMixedType: flags['mixed-type'],
      },
      order: flags.sort,
      limit: flags.limit,
      openBroker: (address) => this.access.broker(address),
    })
    this.requireWhole(list, flags.strict)
    const text = listText(list, output)
    if (text !== '') this.log(text)
    const isTable = output === 'table' || output === 'wide'
    if (list.matched > list.subscriptions.length && (!isTable || this.jsonEnabled())) {
      this.warn(`only ${String(list.subscriptions.length)} of ${String(list.matched)} are listed; raise --limit`)
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

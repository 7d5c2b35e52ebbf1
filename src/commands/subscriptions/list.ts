import {Args, Flags} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {brokerOpener, connectAdmin} from '../../cli/connect.js'
import {pulsarFlags} from '../../cli/flags.js'
import {renderList} from '../../cli/render/subscriptions.js'
import {listSubscriptions} from '../../domain/subscriptions/collect-list.js'
import type {SubscriptionList} from '../../domain/subscriptions/list.js'
import {parsePattern} from '../../domain/subscriptions/pattern.js'

export default class SubscriptionsList extends KeyshiftCommand<SubscriptionList> {
  static override args = {
    pattern: Args.string({description: 'tenant, tenant/namespace, or a glob over full topic names; all when left out'}),
  }
  static override description =
    'One request per broker, so it also works on a cluster with many thousand topics. The numbers are the ' +
    "brokers' own copies, renewed each minute by default; --fresh asks for each topic's live ones."
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> public/default',
    "<%= config.bin %> <%= command.id %> 'persistent://public/default/orders-*' --fresh --json",
  ]
  static override flags = {
    ...pulsarFlags,
    fresh: Flags.boolean({description: "ask for each topic's live statistics"}),
  }
  static override summary = 'List subscriptions with type, consumers, backlog and rate.'

  async run(): Promise<SubscriptionList> {
    const {args, flags} = await this.parse(SubscriptionsList)
    const pattern = parsePattern(args.pattern)
    const admin = this.own(await connectAdmin(this.config, flags['admin-url']))
    const list = await listSubscriptions(admin, {
      pattern,
      isFresh: flags.fresh,
      openBroker: brokerOpener(admin, {config: this.config, own: (broker) => this.own(broker)}),
    })
    if (!list.complete) this.warn('a broker left partitions out of its answer; the sums are too low')
    this.log(renderList(list))
    return list
  }
}

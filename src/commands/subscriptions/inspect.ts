import {KeyshiftCommand} from '../../cli/base-command.js'
import {pulsarFlags, subscriptionArg, topicArg} from '../../cli/flags.js'
import {renderSubscription} from '../../cli/render/subscriptions.js'
import {collectSubscription} from '../../domain/subscriptions/collect.js'
import {inspectSubscription, type SubscriptionReport} from '../../domain/subscriptions/inspect.js'

export default class SubscriptionsInspect extends KeyshiftCommand<SubscriptionReport> {
  static override args = {topic: topicArg, subscription: subscriptionArg}
  static override examples = [
    '<%= config.bin %> <%= command.id %> persistent://public/default/orders decision',
    '<%= config.bin %> <%= command.id %> orders decision --json | jq .result.total',
  ]
  static override flags = {...pulsarFlags}
  static override summary = 'Show one subscription in full, partition by partition and consumer by consumer.'

  async run(): Promise<SubscriptionReport> {
    const {args} = await this.parse(SubscriptionsInspect)
    const admin = await this.access.admin()
    const collected = await collectSubscription(admin, args.topic, args.subscription, {getPreciseBacklog: true})
    const report = inspectSubscription(collected)
    if (report.type === null) this.warn('partitions are of different types; they must switch together')
    this.log(renderSubscription(report))
    return report
  }
}

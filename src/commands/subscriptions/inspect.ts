import {Flags} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {pulsarFlags, subscriptionArg, topicArg} from '../../cli/flags/common-flags.js'
import {renderSubscription} from '../../cli/render/subscriptions/subscription.js'
import {collectInspection} from '../../domain/subscriptions/inspect/collect-inspection.js'
import {inspectSubscription, type SubscriptionReport} from '../../domain/subscriptions/inspect/subscription-report.js'

export default class SubscriptionsInspect extends KeyshiftCommand<SubscriptionReport> {
  static override args = {topic: topicArg, subscription: subscriptionArg}
  static override description =
    'Who reads, what waits, what holds it up, when something last happened, which limits apply and where each is set ' +
    '(subscription, topic, namespace or broker), and who writes. The text leaves out what is zero or unknown everywhere; ' +
    "--json has all of it, and under `raw` the broker's own statistics as they came. It judges nothing: keyshift doctor does."
  static override examples = [
    '<%= config.bin %> <%= command.id %> persistent://public/default/orders decision',
    '<%= config.bin %> <%= command.id %> orders decision --oldest --cursors',
    '<%= config.bin %> <%= command.id %> orders decision --json | jq .result.total',
    '<%= config.bin %> <%= command.id %> orders decision --json | jq .result.policies.messageTtlSeconds',
  ]
  static override flags = {
    ...pulsarFlags,
    cursors: Flags.boolean({description: 'read the cursor of every partition, not of 16 at most'}),
    oldest: Flags.boolean({description: 'also read the oldest waiting message of each partition, for its age'}),
  }
  static override summary = 'Show one subscription in full, partition by partition and consumer by consumer.'

  async run(): Promise<SubscriptionReport> {
    const {args, flags} = await this.parse(SubscriptionsInspect)
    const admin = await this.connections.admin()
    const options = {everyCursor: flags.cursors, oldest: flags.oldest}
    const report = inspectSubscription(await collectInspection(admin, args.topic, args.subscription, options))
    if (report.type === null) this.warn('partitions are of different types; they must switch together')
    this.warnOfGaps(report, flags.cursors)
    this.print(renderSubscription, report)
    return report
  }

  /** An answer that is not whole says so. */
  private warnOfGaps({cursorsNotRead, partitions, policiesNotRead}: SubscriptionReport, everyCursor: boolean): void {
    if (policiesNotRead.length > 0) {
      this.warn(
        `this login may not read every policy of: ${policiesNotRead.join(', ')}; what might be set there is not known`,
      )
    }
    if (cursorsNotRead.length > 0) {
      const next = everyCursor ? 'this login may not, or they are just moving' : '--cursors reads every one'
      this.warn(
        `the cursors of ${String(cursorsNotRead.length)} of ${String(partitions.length)} partitions were not read: ${next}`,
      )
    }
  }
}

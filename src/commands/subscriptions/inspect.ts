import {Flags} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {pulsarFlags, subscriptionArg, topicArg} from '../../cli/flags/common-flags.js'
import {tableOutputFlag} from '../../cli/flags/output-flags.js'
import {missingPartitionWarnings} from '../../cli/render/missing-partitions.js'
import {renderSubscription} from '../../cli/render/subscriptions/subscription.js'
import {collectInspection} from '../../domain/subscriptions/inspect/collect-inspection.js'
import {inspectSubscription, type SubscriptionReport} from '../../domain/subscriptions/inspect/subscription-report.js'
import {counted, numberText} from '../../wording.js'

export default class SubscriptionsInspect extends KeyshiftCommand<SubscriptionReport> {
  static override args = {topic: topicArg, subscription: subscriptionArg}
  static override description =
    'Shows consumers, backlog, blockers, last activity, effective limits with their origin (subscription, topic, namespace ' +
    'or broker) and producers. Takes one sample, makes no changes and gives no verdict; for a diagnosis run keyshift ' +
    'doctor. Tables omit columns that are zero or unknown in every row. --json contains every field, and under `raw` the ' +
    'unmodified statistics of the broker.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> persistent://public/default/orders decision',
    '<%= config.bin %> <%= command.id %> orders decision --oldest --cursors',
    '<%= config.bin %> <%= command.id %> orders decision --json | jq .result.total',
    '<%= config.bin %> <%= command.id %> orders decision --json | jq .result.policies.messageTtlSeconds',
  ]
  static override flags = {
    ...pulsarFlags,
    ...tableOutputFlag,
    cursors: Flags.boolean({
      description:
        'read the cursor of every partition (default: the 16 partitions with the most ack holes and backlog)',
    }),
    oldest: Flags.boolean({description: 'also read the oldest unacked message of each partition, to show its age'}),
  }
  static override summary = 'Show one subscription in full, by partition and by consumer.'

  async run(): Promise<SubscriptionReport> {
    const {args, flags} = await this.parse(SubscriptionsInspect)
    const admin = await this.connections.admin()
    const options = {everyCursor: flags.cursors, oldest: flags.oldest}
    const report = inspectSubscription(await collectInspection(admin, args.topic, args.subscription, options))
    if (report.type === null)
      this.warn('the partitions have different subscription types; a change of type must include every partition')
    this.warnOfGaps(report, flags.cursors)
    for (const warning of missingPartitionWarnings(report)) this.warn(warning)
    this.print(renderSubscription, report)
    return report
  }

  /** Warns about policies and cursors that could not be read. */
  private warnOfGaps({cursorsNotRead, partitions, policiesNotRead}: SubscriptionReport, everyCursor: boolean): void {
    if (policiesNotRead.length > 0) {
      this.warn(
        `missing permission to read some policies of the ${policiesNotRead.join(', ')}; the limits that they set are unknown`,
      )
    }
    if (cursorsNotRead.length > 0) {
      const next = everyCursor
        ? 'permission is missing, or the partitions are moving to another broker'
        : 'use --cursors to read all'
      this.warn(
        `cursors not read on ${numberText(cursorsNotRead.length)} of ${counted(partitions.length, 'partition')}: ${next}`,
      )
    }
  }
}

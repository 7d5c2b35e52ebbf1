import {KeyshiftCommand} from '../../cli/base-command.js'
import {connectAdmin} from '../../cli/connect.js'
import {pulsarFlags, subscriptionArg, topicArg} from '../../cli/flags.js'
import {renderRanges} from '../../cli/render/keys.js'
import {type KeyRanges, keyRanges} from '../../domain/keyshared/report.js'
import {collectSubscription} from '../../domain/subscriptions/collect.js'

export default class KeysRanges extends KeyshiftCommand<KeyRanges> {
  static override args = {topic: topicArg, subscription: subscriptionArg}
  static override examples = [
    '<%= config.bin %> <%= command.id %> persistent://public/default/orders decision',
    "<%= config.bin %> <%= command.id %> orders decision --json | jq '.result.partitions[].coverage'",
  ]
  static override flags = {...pulsarFlags}
  static override summary = 'Show which consumer owns which key-hash slots, with gaps and overlaps.'

  async run(): Promise<KeyRanges> {
    const {args, flags} = await this.parse(KeysRanges)
    const admin = this.own(await connectAdmin(this.config, flags['admin-url']))
    const report = keyRanges(await collectSubscription(admin, args.topic, args.subscription))
    if (report.partitions.some(({coverage}) => coverage === null)) {
      this.warn('coverage is unknown on some partitions: nobody is connected, or the selector is not known')
    }
    this.log(renderRanges(report))
    return report
  }
}

import {Args} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {connectAdmin} from '../../cli/connect.js'
import {pulsarFlags, subscriptionArg, topicArg} from '../../cli/flags.js'
import {renderOwners} from '../../cli/render/keys.js'
import {type KeyOwners, keyOwners} from '../../domain/keyshared/report.js'
import {collectSubscription} from '../../domain/subscriptions/collect.js'

export default class KeysOwner extends KeyshiftCommand<KeyOwners> {
  static override args = {
    topic: topicArg,
    subscription: subscriptionArg,
    key: Args.string({description: 'message keys', multiple: true, required: true}),
  }
  static override examples = [
    '<%= config.bin %> <%= command.id %> persistent://public/default/orders decision user-42',
    "<%= config.bin %> <%= command.id %> orders decision user-42 user-43 --json | jq '.result.owners'",
  ]
  static override flags = {...pulsarFlags}
  static override summary = 'Show which partition, slot and consumer each key goes to.'

  async run(): Promise<KeyOwners> {
    const {args, flags} = await this.parse(KeysOwner)
    const admin = this.own(await connectAdmin(this.config, flags['admin-url']))
    const report = keyOwners(await collectSubscription(admin, args.topic, args.subscription), args.key)
    this.log(renderOwners(report))
    return report
  }
}

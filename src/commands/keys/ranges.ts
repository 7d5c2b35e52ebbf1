import {Flags} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {pulsarFlags, subscriptionArg, topicArg} from '../../cli/flags/common-flags.js'
import {renderRanges} from '../../cli/render/keys/key-ranges.js'
import {collectKeyShared} from '../../domain/keys/assignment/collect-key-shared.js'
import {type KeyRanges, keyRanges} from '../../domain/keys/ranges/range-report.js'

export default class KeysRanges extends KeyshiftCommand<KeyRanges> {
  static override args = {topic: topicArg, subscription: subscriptionArg}
  static override description =
    'One strip per partition shows the key space from its first slot to its last, a letter for the consumer that owns ' +
    'most of each piece; gaps and draining slots are marked. What the broker reports is compared with what its selector ' +
    'should give: the selector is told from the broker configuration where the login may read it, else from the ' +
    'statistics alone.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> persistent://public/default/orders decision',
    '<%= config.bin %> <%= command.id %> orders decision --ranges',
    "<%= config.bin %> <%= command.id %> orders decision --json | jq '.result.partitions[].coverage'",
  ]
  static override flags = {
    ...pulsarFlags,
    ranges: Flags.boolean({description: 'write out every range'}),
  }
  static override summary = 'Show which consumer owns which key-hash slots, with gaps, overlaps and draining slots.'

  async run(): Promise<KeyRanges> {
    const {args, flags} = await this.parse(KeysRanges)
    const admin = await this.connections.admin()
    const {collected, facts} = await collectKeyShared(admin, args.topic, args.subscription)
    const report = keyRanges(collected, facts)
    if (report.partitions.some(({coverage}) => coverage === null)) {
      this.warn('coverage is unknown on some partitions: nobody is connected, or the selector is not known')
    }
    this.print(renderRanges, report, {hasEveryRange: flags.ranges})
    return report
  }
}

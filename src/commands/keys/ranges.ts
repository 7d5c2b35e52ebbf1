import {Flags} from '@oclif/core'

import {KeyshiftCommand} from '../../cli/base-command.js'
import {pulsarFlags, subscriptionArg, topicArg} from '../../cli/flags/common-flags.js'
import {tableOutputFlag} from '../../cli/flags/output-flags.js'
import {renderRanges} from '../../cli/render/keys/key-ranges.js'
import {collectKeyShared} from '../../domain/keys/assignment/collect-key-shared.js'
import {type KeyRanges, keyRanges} from '../../domain/keys/ranges/range-report.js'

export default class KeysRanges extends KeyshiftCommand<KeyRanges> {
  static override args = {topic: topicArg, subscription: subscriptionArg}
  static override description =
    'Shows one strip per partition: the key space from its first slot to its last, with a letter for the consumer that owns ' +
    'most of each cell. Marks gaps and draining slots. Compares the reported ranges with the ones that the selector of the ' +
    'broker (consistent hashing or auto-split) should produce. The selector is read from the broker configuration if permitted, and otherwise detected from ' +
    'the statistics.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> persistent://public/default/orders decision',
    '<%= config.bin %> <%= command.id %> orders decision --ranges',
    "<%= config.bin %> <%= command.id %> orders decision --json | jq '.result.partitions[].coverage'",
  ]
  static override flags = {
    ...pulsarFlags,
    ...tableOutputFlag,
    ranges: Flags.boolean({description: 'list every range (default: the first 3 of each consumer)'}),
  }
  static override summary = 'Show which consumer owns which key-hash slots, with gaps, overlaps and draining slots.'

  async run(): Promise<KeyRanges> {
    const {args, flags} = await this.parse(KeysRanges)
    const admin = await this.connections.admin()
    const {collected, facts} = await collectKeyShared(admin, args.topic, args.subscription)
    const report = keyRanges(collected, facts)
    if (report.partitions.some(({coverage}) => coverage === null)) {
      this.warn(
        'on some partitions it is unknown whether every slot has an owner: no consumer is connected, or the selector is unknown',
      )
    }
    this.print(renderRanges, report, {hasEveryRange: flags.ranges})
    return report
  }
}
